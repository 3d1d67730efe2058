import { decodeBmp } from "./formats/bmp.ts";
import { jpegDecoder } from "./formats/jpeg.ts";
import { decodeNetpbm } from "./formats/netpbm.ts";
import { pngDecoder } from "./formats/png.ts";
import { decodeTiff } from "./formats/tiff.ts";
import { webpDecoder } from "./formats/webp.ts";
import { formatOf } from "./formats/format.ts";

/** An RGB image of 8 bits per channel, row by row from the top. */
export interface Image {
  readonly width: number;
  readonly height: number;
  /** height × width × 3 bytes. */
  readonly data: Uint8Array;
}

/**
 * Makes a function that decodes image files by their content, whatever their names. Grey becomes
 * three equal channels, a palette its colours, CMYK RGB. Transparency is dropped, and EXIF
 * orientation, gamma and colour profiles are ignored, as by Pillow's `convert("RGB")`; so the pixels
 * are Pillow's, those of JPEG within 2. Only 16 bits of grey are different: they become their upper
 * 8, where Pillow clips all above 255. The function throws an Error with the reason if the file has
 * none of the formats, is damaged or ends early.
 */
export async function imageDecoder(): Promise<(bytes: Uint8Array) => Image> {
  const [jpeg, png, webp] = await Promise.all([jpegDecoder(), pngDecoder(), webpDecoder()]);
  const decoders = {
    JPEG: jpeg,
    PNG: png,
    WebP: webp,
    BMP: decodeBmp,
    TIFF: decodeTiff,
    PPM: decodeNetpbm,
  };
  return (bytes) => decoders[formatOf(bytes)](bytes);
}
