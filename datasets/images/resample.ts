import type { Image, LazyImage, Window } from "./formats/rgb_image.ts";

/** The weights by which a new pixel sums old ones along one direction. */
export interface Filter {
  /** The index of the first old pixel. */
  readonly first: number;
  /** The weights of it and of the pixels after it. They add up to 1. */
  readonly weights: Float64Array;
}

/**
 * How values between pixels are found: as by Pillow's `BILINEAR`, though a byte may differ by 1,
 * because nothing is rounded between the two directions, or as by its `BICUBIC`, bit for bit. Columns
 * come first; Pillow 13 begins with rows where that is cheaper, and then differs by 1 too.
 */
export type Interpolation = "bilinear" | "bicubic";

/** A way to weigh the old pixels around a new one. */
export interface Kernel {
  /** The distance from which on an old pixel does not count. */
  readonly reach: number;
  /** The weight of an old pixel at a distance below `reach`. */
  readonly weight: (distance: number) => number;
  /** Whether weights are rounded to 22 bits and values between the two directions to bytes. */
  readonly isRounded: boolean;
  /** Whether it reaches as far as ever in an image that shrinks: not antialiased. */
  readonly isRigid?: boolean;
}

/** The kernel of each interpolation. */
export const kernels: Readonly<Record<Interpolation, Kernel>> = {
  bilinear: { reach: 1, weight: (distance) => Math.max(0, 1 - distance), isRounded: false },
  bicubic: { reach: 2, weight: cubic, isRounded: true },
};

/** Between the four nearest pixels, not antialiased: PyTorch's `interpolate`, which torchvision uses. */
export const rigidBilinear: Kernel = { ...kernels.bilinear, isRigid: true };

/** The cubic kernel with a = −½. */
function cubic(distance: number): number {
  if (distance < 1) return (1.5 * distance - 2.5) * distance * distance + 1;
  return distance < 2 ? -0.5 * (((distance - 5) * distance + 8) * distance - 4) : 0;
}

/**
 * The filters that scale the `from` pixels from index `start` on to `to` pixels, antialiased if it
 * shrinks and the kernel is not rigid.
 */
export function filters(
  from: number,
  to: number,
  start: number,
  { reach: least, weight, isRounded, isRigid }: Kernel,
): Filter[] {
  const scale = from / to;
  const stretch = isRigid ? 1 : Math.max(scale, 1);
  const reach = least * stretch;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(from, Math.floor(centre + reach + 0.5));
    const weights = new Float64Array(end - first);
    let sum = 0;
    // Loops: calls for each weight would take as long as all of the scaling.
    for (let k = 0; k < weights.length; k++) {
      weights[k] = weight(Math.abs((first + k + 0.5 - centre) / stretch));
      sum += weights[k];
    }
    for (let k = 0; k < weights.length; k++) {
      weights[k] = isRounded ? roundTo22Bits(weights[k] / sum) : weights[k] / sum;
    }
    return { first: start + first, weights };
  });
}

/** A number in 22 bits after the point, halves rounded away from 0. */
function roundTo22Bits(value: number): number {
  return Math.trunc(value * 2 ** 22 + Math.sign(value) * 0.5) / 2 ** 22;
}

/**
 * Applies a kernel's filters to the columns and the rows of an image, both in ascending order.
 * Returns rows × columns × 3 bytes.
 */
export function resample(
  image: Image | LazyImage,
  columns: readonly Filter[],
  rows: readonly Filter[],
  { isRounded }: Kernel,
): Uint8Array {
  const [left, width] = reach(columns);
  const [top, height] = reach(rows);
  const window = "data" in image
    ? { ...image, left: 0, top: 0 }
    : image.part({ left, top, width, height });
  const sumAlong = rowSums(window, columns, isRounded);
  const line = columns.length * 3;
  const out = new Uint8Array(rows.length * line);
  const sums = new Float64Array(line);
  // Only as many rows as a filter weighs, so that they stay in the processor's cache.
  const most = Math.max(...rows.map(({ weights }) => weights.length));
  const summed = Array.from({ length: most }, () => new Float64Array(line));
  let next = top;
  rows.forEach(({ first, weights }, y) => {
    const end = first + weights.length;
    for (next = Math.max(next, first); next < end; next++) sumAlong(next, summed[next % most]);
    sums.fill(0.5);
    for (let k = 0; k < weights.length; k++) {
      addWeighted(sums, summed[(first + k) % most], weights[k]);
    }
    for (let i = 0; i < line; i++) out[y * line + i] = toByte(sums[i]);
  });
  return out;
}

/** The first old pixel that filters in ascending order weigh, and how many there are. */
function reach(filters: readonly Filter[]): [first: number, count: number] {
  const last = filters[filters.length - 1];
  return [filters[0].first, last.first + last.weights.length - filters[0].first];
}

/** Makes a function that applies filters to the pixels of an image's row: filters × 3 numbers. */
function rowSums(
  { data, left, top, width }: Window,
  columns: readonly Filter[],
  isRounded: boolean,
): (y: number, out: Float64Array) => void {
  // All in one array each: a look at a filter for every new pixel would take longer than the sums.
  const weights = new Float64Array(columns.reduce((sum, { weights }) => sum + weights.length, 0));
  let filled = 0;
  for (const filter of columns) {
    weights.set(filter.weights, filled);
    filled += filter.weights.length;
  }
  const starts = Int32Array.from(columns, ({ first }) => 3 * (first - left));
  const counts = Int32Array.from(columns, ({ weights }) => weights.length);
  return (y, out) => {
    const line = (y - top) * width * 3;
    let k = 0;
    for (let x = 0; x < starts.length; x++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let at = line + starts[x];
      for (const end = k + counts[x]; k < end; at += 3) {
        const weight = weights[k++];
        red += weight * data[at];
        green += weight * data[at + 1];
        blue += weight * data[at + 2];
      }
      out[3 * x] = red;
      out[3 * x + 1] = green;
      out[3 * x + 2] = blue;
    }
    if (isRounded) { for (let i = 0; i < out.length; i++) out[i] = toByte(out[i] + 0.5); }
  };
}

/** Adds `weight` times each number of a row. */
function addWeighted(sums: Float64Array, row: Float64Array, weight: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] += weight * row[i];
}

/** The byte at or below a number. */
function toByte(value: number): number {
  return Math.min(255, Math.max(0, Math.floor(value)));
}
