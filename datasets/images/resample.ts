import type { Image } from "./formats/rgb_image.ts";

/** The weights by which a new pixel sums old ones along one direction. */
export interface Filter {
  /** The index of the first old pixel. */
  readonly first: number;
  /** The weights of it and of the pixels after it. They add up to 1. */
  readonly weights: Float64Array;
}

/**
 * The filters that scale the `from` pixels from index `start` on to `to` pixels: bilinear,
 * antialiased if it shrinks, as Pillow's `BILINEAR`.
 */
export function filters(from: number, to: number, start = 0): Filter[] {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(from, Math.floor(centre + reach + 0.5));
    const weights = Float64Array.from(
      { length: end - first },
      (_, k) => Math.max(0, 1 - Math.abs((first + k + 0.5 - centre) / reach)),
    );
    const sum = weights.reduce((a, b) => a + b);
    return { first: start + first, weights: weights.map((weight) => weight / sum) };
  });
}

/**
 * Applies filters to the columns and the rows of an image, both in ascending order. Returns rows ×
 * columns × 3 bytes. Pillow rounds between the two directions, so a byte may differ by 1 from its.
 */
export function resample(
  { width, data }: Image,
  columns: readonly Filter[],
  rows: readonly Filter[],
): Uint8Array {
  const top = rows[0].first;
  const last = rows[rows.length - 1];
  const bottom = last.first + last.weights.length;
  const line = columns.length * 3;
  const across = new Float64Array((bottom - top) * line);
  let to = 0;
  for (let y = top; y < bottom; y++) {
    for (const { first, weights } of columns) {
      const from = (y * width + first) * 3;
      for (let k = 0; k < weights.length; k++) {
        for (let c = 0; c < 3; c++) across[to + c] += weights[k] * data[from + k * 3 + c];
      }
      to += 3;
    }
  }
  const out = new Uint8Array(rows.length * line);
  rows.forEach(({ first, weights }, y) => {
    for (let i = 0; i < line; i++) {
      let sum = 0.5;
      for (let k = 0; k < weights.length; k++) {
        sum += weights[k] * across[(first - top + k) * line + i];
      }
      out[y * line + i] = sum;
    }
  });
  return out;
}
