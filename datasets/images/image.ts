import { decodeBmp } from "./formats/bmp.ts";
import { jpegDecoder } from "./formats/jpeg.ts";
import { decodeNetpbm } from "./formats/netpbm.ts";
import { pngDecoder } from "./formats/png.ts";
import { decodeTiff } from "./formats/tiff.ts";
import type { ByteImage } from "../../lib/data/bytes/byte_image.ts";
import { webpDecoder } from "./formats/webp.ts";
import { formatOf } from "./formats/format.ts";

/**
 * Makes a function that decodes image files by their content, whatever their names. Grey becomes
 * three equal channels, a palette its colours, CMYK RGB. Transparency is dropped, and gamma, colour
 * profiles and EXIF orientation, save that of TIFF, are ignored, as by Pillow's `convert("RGB")`; so
 * the pixels are Pillow's, those of JPEG within 2. Two kinds are different: 16 bits of grey become
 * their upper 8, where Pillow clips all above 255, and CMYK in JPEG has less smooth edges where its
 * colours have a lower resolution. Pixels of JPEG that are damaged and repaired may be others where
 * TensorFlow decodes them (`decode_worker.ts`). The function throws an Error with the reason if the
 * file has none of the formats, is damaged or ends early.
 */
export async function imageDecoder(): Promise<(bytes: Uint8Array) => ByteImage> {
  const [jpeg, webp] = await Promise.all([jpegDecoder(), webpDecoder()]);
  const decoders = {
    JPEG: jpeg,
    PNG: pngDecoder(),
    WebP: webp,
    BMP: decodeBmp,
    TIFF: decodeTiff,
    PPM: decodeNetpbm,
  };
  return (bytes) => {
    const decode = decoders[formatOf(bytes)];
    try {
      return decode(bytes);
    } catch (error) {
      // Decoders read beyond the end of a file whose sizes are false.
      throw error instanceof RangeError ? new Error("it is damaged or ends early") : error;
    }
  };
}
