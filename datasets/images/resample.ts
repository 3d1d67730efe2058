import type { ByteImage } from "../../lib/data/bytes/byte_image.ts";
import type { LazyImage } from "./formats/rgb_image.ts";
import { memory, scaleRow, sumRows } from "./resample.wasm";

/** The weights by which new pixels along one direction sum old ones. */
export interface Filters {
  /** Number of new pixels. */
  readonly count: number;
  /** The index of the first old pixel that counts. */
  readonly first: number;
  /** The number of old pixels from `first` to the last that counts. */
  readonly size: number;
  /**
   * For each new pixel: the distance of its first old pixel from `first`, the number of its
   * weights, and the weights, times 2²². These add up to about 2²².
   */
  readonly table: Int32Array;
}

/**
 * How values between pixels are found: as by Pillow's `BILINEAR` or `BICUBIC`, bit for bit. Columns
 * come first; Pillow 13 begins with rows where that is cheaper, and a byte then differs by 1.
 */
export type Interpolation = "bilinear" | "bicubic";

/** A way to weigh the old pixels around a new one. */
export interface Kernel {
  /** The distance from which on an old pixel does not count. */
  readonly reach: number;
  /** The weight of an old pixel at a distance below `reach`. */
  readonly weight: (distance: number) => number;
  /** Whether it reaches as far as ever in an image that shrinks: not antialiased. */
  readonly isRigid?: boolean;
}

/** The kernel of each interpolation. */
export const kernels: Readonly<Record<Interpolation, Kernel>> = {
  bilinear: { reach: 1, weight: (distance) => Math.max(0, 1 - distance) },
  bicubic: { reach: 2, weight: cubic },
};

/**
 * Between the four nearest pixels, not antialiased: PyTorch's `interpolate`, which torchvision uses.
 * Its floats, rounded, may differ by 1 from the bytes here, which are rounded after each direction.
 */
export const rigidBilinear: Kernel = { ...kernels.bilinear, isRigid: true };

/** The cubic kernel with a = −½. */
function cubic(distance: number): number {
  if (distance < 1) return (1.5 * distance - 2.5) * distance * distance + 1;
  return distance < 2 ? -0.5 * (((distance - 5) * distance + 8) * distance - 4) : 0;
}

/**
 * The filters that scale the `from` pixels from index `start` on to `to` pixels, antialiased if it
 * shrinks and the kernel is not rigid. Only the new pixels from `begin` on and before `end` get one.
 * Default: all.
 */
export function filters(
  from: number,
  to: number,
  start: number,
  { reach: least, weight, isRigid }: Kernel,
  [begin, end]: readonly [begin: number, end: number] = [0, to],
): Filters {
  const scale = from / to;
  const stretch = isRigid ? 1 : Math.max(scale, 1);
  const reach = least * stretch;
  const most = 2 * Math.ceil(reach) + 1;
  const table = new Int32Array((end - begin) * (2 + most));
  const weights = new Float64Array(most);
  const nearest = (i: number) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    return { centre, first, end: Math.min(from, Math.floor(centre + reach + 0.5)) };
  };
  const { first: firstOfAll } = nearest(begin);
  let length = 0;
  for (let i = begin; i < end; i++) {
    const { centre, first, end } = nearest(i);
    const count = end - first;
    let sum = 0;
    // Loops: calls for each weight would take as long as all of the scaling.
    for (let k = 0; k < count; k++) {
      weights[k] = weight(Math.abs((first + k + 0.5 - centre) / stretch));
      sum += weights[k];
    }
    table[length++] = first - firstOfAll;
    table[length++] = count;
    for (let k = 0; k < count; k++) table[length++] = to22Bits(weights[k] / sum);
  }
  return {
    count: end - begin,
    first: start + firstOfAll,
    size: nearest(end - 1).end - firstOfAll,
    table: table.subarray(0, length),
  };
}

/** A number times 2²², halves rounded away from 0. */
function to22Bits(value: number): number {
  return Math.trunc(value * 2 ** 22 + Math.sign(value) * 0.5);
}

/** The most bytes beyond a row's end that the sums read or write. */
const BEYOND = 16;

/** Scales an image by the filters of its columns and rows. Returns rows × columns × 3 bytes. */
export function resample(
  image: ByteImage | LazyImage,
  columns: Filters,
  rows: Filters,
): Uint8Array {
  const part = { left: columns.first, top: rows.first, width: columns.size, height: rows.size };
  const { data, left, top, width } = "data" in image
    ? { ...image, left: 0, top: 0 }
    : image.part(part);
  const line = 3 * columns.count;
  const [across, down, row, scaled, out, end] = places(
    columns.table.byteLength,
    rows.table.byteLength,
    3 * part.width + BEYOND,
    line * part.height + BEYOND,
    line * rows.count + BEYOND,
  );
  const bytes = ofMemory(end);
  new Int32Array(bytes.buffer, across).set(columns.table);
  new Int32Array(bytes.buffer, down).set(rows.table);
  for (let y = 0; y < part.height; y++) {
    const start = 3 * ((part.top - top + y) * width + part.left - left);
    bytes.set(data.subarray(start, start + 3 * part.width), row);
    scaleRow(row, across, down, scaled + y * line);
  }
  sumRows(scaled, line, down, row, out);
  return bytes.slice(out, out + line * rows.count);
}

/** Where each of some things begins that have these sizes in bytes, and where the last one ends. */
function places(...sizes: readonly number[]): number[] {
  let end = 0;
  return [0, ...sizes.map((size) => end += size)];
}

/** The memory of WebAssembly, of at least this many bytes. */
function ofMemory(size: number): Uint8Array {
  const missing = size - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return new Uint8Array(memory.buffer);
}

/** Bytes of a page of WebAssembly's memory. */
const PAGE = 2 ** 16;
