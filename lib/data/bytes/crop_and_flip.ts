import type { Stream } from "../../values/random.ts";
import type { ByteImage } from "./byte_image.ts";

/**
 * Pads an image with `crop` black pixels on each side, crops it to its old size at a random place,
 * and mirrors it with probability ½ if `flip` says so: what a step does to images without a policy.
 */
export function cropAndFlip(
  image: ByteImage,
  crop: number,
  flip: boolean,
  random: Stream,
): ByteImage {
  const { width, height, data } = image;
  const offset = () => crop === 0 ? 0 : random.below(2 * crop + 1) - crop;
  const [left, top] = [offset(), offset()];
  const mirrors = flip && random.uniform() < 0.5;
  if (left === 0 && top === 0 && !mirrors) return image;
  const out = new Uint8Array(data.length);
  for (let y = Math.max(0, -top); y < Math.min(height, height - top); y++) {
    for (let x = Math.max(0, -left); x < Math.min(width, width - left); x++) {
      const from = ((y + top) * width + x + left) * 3;
      const to = (y * width + (mirrors ? width - 1 - x : x)) * 3;
      out[to] = data[from];
      out[to + 1] = data[from + 1];
      out[to + 2] = data[from + 2];
    }
  }
  return { width, height, data: out };
}
