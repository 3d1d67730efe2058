/** A picture of bytes: red, green and blue of each pixel, row by row from the top. */
export interface ByteImage {
  /** Pixels of a row. */
  readonly width: number;
  /** The number of rows. */
  readonly height: number;
  /** height × width × 3 bytes. */
  readonly data: Uint8Array;
}

/** The bytes of red, green and blue. */
export type ByteColour = readonly [red: number, green: number, blue: number];

/** The brightness of a pixel as Pillow has it, 0 … 255: a weighted mean, rounded. */
export function luma(red: number, green: number, blue: number): number {
  return (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
}
