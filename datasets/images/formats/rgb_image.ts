import type { ByteImage } from "../../../lib/data/bytes/byte_image.ts";
import type { ImagePart } from "../../../lib/tensorflow/jpeg_decoder.ts";

/** The pixels of a part of an image. */
export interface Window extends ImagePart, ByteImage {}

/** An image whose pixels are decoded when a part of them is needed. */
export interface LazyImage {
  readonly width: number;
  readonly height: number;
  /** Decodes this part, and maybe more around it. */
  part(part: ImagePart): Window;
}

/**
 * The first three of `channels` channels, or three times the first one if the image is grey (1) or
 * grey with alpha (2).
 */
export function rgb(data: ArrayLike<number>, channels: number): Uint8Array {
  const out = new Uint8Array(data.length / channels * 3);
  const green = channels < 3 ? 0 : 1;
  const blue = channels < 3 ? 0 : 2;
  let to = 0;
  for (let from = 0; to < out.length; from += channels) {
    out[to++] = data[from];
    out[to++] = data[from + green];
    out[to++] = data[from + blue];
  }
  return out;
}
