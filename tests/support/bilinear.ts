import type { ByteImage } from "../../lib/data/bytes/byte_image.ts";

/**
 * Computes one channel of one pixel of a scaled image by the definition of antialiased bilinear
 * scaling: the mean of the source pixels, weighted by a triangle around the pixel's centre. Weights
 * have 22 bits after the point, as in Pillow, and the mean within each row is rounded before that of
 * the rows. `part` is the part of the image that is scaled. Default: the whole image.
 */
export function bilinear(
  { width, height, data }: ByteImage,
  [columns, rows]: readonly [columns: number, rows: number],
  [x, y, channel]: readonly [x: number, y: number, channel: number],
  part = { left: 0, top: 0, width, height },
): number {
  const triangle = (at: number, to: number, from: number, pixel: number) => {
    const scale = from / to;
    return Math.max(0, 1 - Math.abs(pixel + 0.5 - (at + 0.5) * scale) / Math.max(1, scale));
  };
  const mean = (
    length: number,
    weight: (pixel: number) => number,
    of: (pixel: number) => number,
  ) => {
    const weights = Array.from({ length }, (_, pixel) => weight(pixel));
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    const bits = weights.map((weight) => Math.round(weight / all * 2 ** 22) / 2 ** 22);
    return bits.reduce((sum, weight, pixel) => sum + weight * of(pixel), 0);
  };
  const row = (v: number) =>
    mean(
      part.width,
      (u) => triangle(x, columns, part.width, u),
      (u) => data[((part.top + v) * width + part.left + u) * 3 + channel],
    );
  return mean(part.height, (v) => triangle(y, rows, part.height, v), (v) => Math.round(row(v)));
}
