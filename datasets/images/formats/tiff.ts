import { decode } from "tiff";
import type { ByteImage } from "../../../lib/data/bytes/byte_image.ts";
import { rgb } from "./rgb_image.ts";

/**
 * Decodes the first page of a TIFF file: grey, colour or palette, with 1, 8 or 16 bits, of which the
 * upper 8 are taken, not compressed or by LZW or Deflate. Throws an Error with the reason if the file
 * is damaged or of another kind, as CMYK, JPEG or PackBits inside TIFF, or turned or mirrored by its
 * orientation, which Pillow heeds.
 */
export function decodeTiff(bytes: Uint8Array): ByteImage {
  const [header] = decode(bytes, { pages: [0], ignoreImageData: true });
  checkHeader(header, bytes.length);
  const [{ width, height, data, components, palette, bitsPerSample: bits }] = decode(bytes, {
    pages: [0],
  });
  if (data.length !== width * height * (palette ? 1 : components)) {
    throw new Error("its size does not fit its pixels");
  }
  if (palette) {
    const colours = Array.from(data).flatMap((index) => palette[index].map((value) => value >> 8));
    return { width, height, data: Uint8Array.from(colours) };
  }
  const largest = 2 ** bits - 1;
  const to8 = bits === 16
    ? (value: number) => value >> 8
    : (value: number) => value * 255 / largest;
  return { width, height, data: rgb(Uint8Array.from(data, to8), components) };
}

/** The most that a byte of TIFF's compressions can stand for. */
const MOST_EXPANSION = 1400;

/** Throws an Error with the reason if the package cannot read what a file of `size` bytes says. */
function checkHeader(header: ReturnType<typeof decode>[number] | undefined, size: number): void {
  if (!header) throw new Error("it has no page");
  const { width, height, components, bitsPerSample: bits, sampleFormat, orientation } = header;
  // A file that is damaged may lack any of its tags.
  if (header.stripOffsets === undefined && !header.tiled) {
    throw new Error("it does not say where its pixels are");
  }
  if (bits === undefined) {
    throw new Error("TIFF that does not say how many bits it has is not read");
  }
  if (![1, 8, 16].includes(bits) || sampleFormat !== 1) {
    throw new Error(`TIFF with samples of ${bits} bits and format ${sampleFormat} is not read`);
  }
  // The package takes tiles and planes of several channels for something else.
  if (header.tiled || header.planarConfiguration !== 1) {
    throw new Error("TIFF in tiles or planes is not read");
  }
  if (orientation >= 2 && orientation <= 8) {
    throw new Error(`TIFF with orientation ${orientation}, not upright, is not read`);
  }
  if (!(width * height * components * bits / 8 <= size * MOST_EXPANSION)) {
    throw new Error("its size does not fit its pixels");
  }
}
