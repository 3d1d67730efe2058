import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";

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
  const far = (length: number) => {
    const windows = Math.floor((length + 2 * padding - size) / stride) + 1;
    return Math.max(0, (windows - 1) * stride + size - padding - length);
  };
  const [, height, width] = x.shape;
  return tf.pad(
    x as Tensor4D,
    [[0, 0], [padding, far(height!)], [padding, far(width!)], [0, 0]],
    value,
  );
}
