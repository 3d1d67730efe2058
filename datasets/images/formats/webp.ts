import webp from "@jsquash/webp/codec/dec/webp_dec.js";
import type { ByteImage } from "../../../lib/data/bytes/byte_image.ts";
import { rgb } from "./rgb_image.ts";
import { compiledOptions } from "./wasm.ts";

/**
 * Makes a decoder of WebP files, lossy or lossless. It throws an Error if the file is damaged, cut
 * off or animated.
 */
export async function webpDecoder(): Promise<(bytes: Uint8Array) => ByteImage> {
  const options = compiledOptions(import.meta.resolve("@jsquash/webp/codec/dec/webp_dec.wasm"));
  const module = await webp(options);
  return (bytes) => {
    const image = module.decode(bytes as Uint8Array<ArrayBuffer>);
    if (!image) throw new Error("its pixels are damaged, end early or are animated");
    return { width: image.width, height: image.height, data: rgb(image.data, 4) };
  };
}
