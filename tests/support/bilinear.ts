import type { Image } from "../../datasets/images/formats/rgb_image.ts";

/**
 * Computes one channel of one pixel of a scaled image by the definition of antialiased bilinear
 * scaling: the mean of the source pixels, weighted by a triangle around the pixel's centre. `part`
 * is the part of the image that is scaled. Default: the whole image.
 */
export function bilinear(
  { width, height, data }: Image,
  [columns, rows]: readonly [columns: number, rows: number],
  [x, y, channel]: readonly [x: number, y: number, channel: number],
  part = { left: 0, top: 0, width, height },
): number {
  const triangle = (at: number, to: number, from: number, pixel: number) => {
    const scale = from / to;
    return Math.max(0, 1 - Math.abs(pixel + 0.5 - (at + 0.5) * scale) / Math.max(1, scale));
  };
  let sum = 0;
  let weights = 0;
  for (let v = 0; v < part.height; v++) {
    for (let u = 0; u < part.width; u++) {
      const weight = triangle(x, columns, part.width, u) * triangle(y, rows, part.height, v);
      sum += weight * data[((part.top + v) * width + part.left + u) * 3 + channel];
      weights += weight;
    }
  }
  return sum / weights;
}
