import { decode } from "tiff";
import { type Image, rgb } from "./rgb_image.ts";

/**
 * Decodes the first page of a TIFF file: grey, colour or palette, with 1, 8 or 16 bits, of which the
 * upper 8 are taken. Throws an Error with the reason if the file is damaged or of another kind, as
 * CMYK or JPEG inside TIFF.
 */
export function decodeTiff(bytes: Uint8Array): Image {
  const [page] = decode(bytes, { pages: [0] });
  const { width, height, data, components, palette, bitsPerSample: bits } = page;
  if (![1, 8, 16].includes(bits) || page.sampleFormat !== 1) {
    throw new Error(
      `TIFF with samples of ${bits} bits and format ${page.sampleFormat} is not read`,
    );
  }
  // The package takes tiles and planes of several channels for something else.
  if (page.tiled || page.planarConfiguration !== 1) {
    throw new Error("TIFF in tiles or planes is not read");
  }
  if (data.length !== width * height * (palette ? 1 : components)) {
    throw new Error("TIFF with a size that does not fit its pixels");
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
