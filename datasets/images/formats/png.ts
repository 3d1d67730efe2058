import { decode, initSync } from "@jsquash/png/codec/pkg/squoosh_png.js";
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import type { ByteImage } from "../../../lib/data/bytes/byte_image.ts";
import { rgb } from "./rgb_image.ts";
import { compile } from "./wasm.ts";

/**
 * Makes a decoder of PNG files of any colour type and depth, interlaced or not. Of an animated one,
 * it decodes the still image. It throws an Error if the file is damaged or ends early.
 */
export function pngDecoder(): (bytes: Uint8Array) => ByteImage {
  initSync(compile(import.meta.resolve("@jsquash/png/codec/pkg/squoosh_png_bg.wasm")));
  return (bytes) => {
    const pixels = pixelChunks(bytes);
    let image: ImageData;
    try {
      image = decode(pixels);
    } catch (error) {
      // The decoder's own words are about its memory.
      throw new Error("its pixels are damaged or end early", { cause: error });
    }
    return { width: image.width, height: image.height, data: rgb(image.data, 4) };
  };
}

const SIGNATURE = 8;
const NO_CRC = new Uint8Array(4);
const IEND = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0, 0, 0, 0);

/**
 * The file with nothing but the chunks that its pixels come from: header, palette and the first run
 * of pixel data. The decoder fails on faults in the others, as in texts and colour profiles, which
 * Pillow passes over, and where the end is missing. It checks no CRC, so this does. Throws an Error
 * if one is wrong or such a chunk is cut off.
 */
function pixelChunks(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunks = [bytes.subarray(0, SIGNATURE)];
  let before = "";
  for (let at = SIGNATURE; at + 8 <= bytes.length;) {
    const end = at + 8 + view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (before === "IDAT" && type !== "IDAT") break;
    if (type === "IHDR" || type === "PLTE" || type === "IDAT") {
      if (end > bytes.length) throw new Error("it is cut off");
      const hasCrc = end + 4 <= bytes.length;
      if (hasCrc && crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) {
        throw new Error(`the checksum of its part ${type} is wrong`);
      }
      chunks.push(bytes.subarray(at, end), NO_CRC);
    }
    before = type;
    at = end + 4;
  }
  return Buffer.concat([...chunks, IEND]);
}
