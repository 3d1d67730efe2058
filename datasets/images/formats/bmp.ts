import type { ByteImage } from "../../../lib/data/bytes/byte_image.ts";

/**
 * Decodes a BMP file without compression: a palette of 1, 4 or 8 bits, or 16, 24 or 32 bits with any
 * masks. Throws an Error with the reason if it is compressed or damaged.
 */
export function decodeBmp(bytes: Uint8Array): ByteImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = view.getUint32(14, true);
  if (bytes.length < 14 + header) throw new Error("its header ends early");
  const isOld = header === 12;
  const width = isOld ? view.getUint16(18, true) : view.getInt32(18, true);
  // Rows from the top have a negative height.
  const rows = isOld ? view.getUint16(20, true) : view.getInt32(22, true);
  const height = Math.abs(rows);
  const bits = view.getUint16(isOld ? 24 : 28, true);
  const compression = isOld ? NONE : view.getUint32(30, true);
  if (![1, 4, 8, 16, 24, 32].includes(bits) || compression !== NONE && compression !== MASKS) {
    throw new Error(`BMP with ${bits} bits and compression ${compression} is not read`);
  }
  const start = view.getUint32(10, true);
  const row = Math.ceil(width * bits / 32) * 4;
  // The padding of the last row may be missing.
  const last = Math.ceil(width * bits / 8);
  if (!(width > 0 && height > 0) || start + row * (height - 1) + last > bytes.length) {
    throw new Error("its pixels end early");
  }
  const colour = bits <= 8
    ? paletteOf(bytes.subarray(14 + header, start), isOld ? 3 : 4)
    : maskedBy(
      compression === MASKS ? [54, 58, 62].map((at) => view.getUint32(at, true)) : MASKS_OF[bits],
    );
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = start + row * (rows > 0 ? height - 1 - y : y);
    for (let x = 0; x < width; x++) {
      data.set(colour(sample(bytes, from, bits, x)), (y * width + x) * 3);
    }
  }
  return { width, height, data };
}

const NONE = 0;
const MASKS = 3;

/** The bits of red, green and blue in a pixel without masks of its own, by its number of bits. */
const MASKS_OF: Readonly<Record<number, readonly number[]>> = {
  16: [0x7c00, 0x3e0, 0x1f],
  24: [0xff0000, 0xff00, 0xff],
  32: [0xff0000, 0xff00, 0xff],
};

/** The value of `bits` bits of pixel `x` in the row at `from`. */
function sample(bytes: Uint8Array, from: number, bits: number, x: number): number {
  if (bits < 8) {
    const at = x * bits;
    return bytes[from + (at >> 3)] >> 8 - bits - (at & 7) & 2 ** bits - 1;
  }
  let value = 0;
  for (let i = bits / 8 - 1; i >= 0; i--) value = value * 256 + bytes[from + x * bits / 8 + i];
  return value;
}

/** The colours of a palette whose entries are blue, green, red. What it lacks is black. */
const paletteOf = (bytes: Uint8Array, entry: number) => (index: number): number[] =>
  [2, 1, 0].map((i) => bytes[index * entry + i] ?? 0);

/** The colours of pixels that have them in these bits, scaled to 0 … 255. */
function maskedBy(masks: readonly number[]): (pixel: number) => number[] {
  const scales = masks.map((mask) => 255 / (mask >>> 0));
  return (pixel) => masks.map((mask, i) => Math.floor(((pixel & mask) >>> 0) * scales[i] + 1e-9));
}
