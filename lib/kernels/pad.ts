import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";

/** The padding before and after one dimension. */
export type Margin = [before: number, after: number];

/** The margins of a map's dimensions. */
export type Margins = [Margin, Margin, Margin, Margin];

/**
 * Pads a map [batch, height, width, channels] with `padding` rows and columns of `value`. Bottom
 * and right get no more than the last window of `size` × `size` at that stride reaches.
 */
export function pad(
  x: Tensor,
  padding: number,
  stride: number,
  size: number,
  value: number,
): Tensor {
  if (padding === 0) return x;
  return tf.pad(x as Tensor4D, marginsOf(x, padding, stride, size), value);
}

/** The margins that `pad` adds to a map. */
export function marginsOf(
  { shape: [, height, width] }: Tensor,
  padding: number,
  stride: number,
  size: number,
): Margins {
  const far = (length: number) => {
    const windows = Math.floor((length + 2 * padding - size) / stride) + 1;
    return Math.max(0, (windows - 1) * stride + size - padding - length);
  };
  return [[0, 0], [padding, far(height!)], [padding, far(width!)], [0, 0]];
}
