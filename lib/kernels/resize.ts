import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { nativeOr } from "./native.ts";

/**
 * A map [batch, height, width, channels] brought to `rows` × `columns` by bilinear interpolation
 * between the centres of pixels (PyTorch's, corners not aligned). Made of matrix products: the
 * gradient that tfjs has aligns pixels otherwise.
 */
export function resizeBilinear(x: Tensor, rows: number, columns: number): Tensor {
  const [batch, height, width, channels] = (x as Tensor4D).shape;
  if (height === rows && width === columns) return x;
  const across = tf.matMul(
    weights(width, columns),
    tf.reshape(x, [batch * height, width, channels]),
  );
  const down = tf.matMul(
    weights(height, rows),
    tf.reshape(across, [batch, height, columns * channels]),
  );
  return tf.reshape(down, [batch, rows, columns, channels]);
}

/** What each of a side's pixels counts at each place, [1, places, pixels]. */
function weights(pixels: number, places: number): Tensor {
  const rows = Array.from({ length: places }, (_, place) => {
    const centre = Math.min(Math.max((place + 0.5) * pixels / places - 0.5, 0), pixels - 1);
    return Array.from({ length: pixels }, (_, i) => Math.max(0, 1 - Math.abs(centre - i)));
  });
  return tf.tensor3d([rows]);
}

/**
 * A map [batch, height, width, channels] brought to `rows` × `columns` by taking pixel ⌊i · m/n⌋ of
 * m at place i of n, the ratio rounded to float32, as PyTorch's and TensorFlow's nearest neighbours
 * have it. Its twin on tfjs's own backend gathers: what tfjs has there does not round, and takes
 * another pixel of some.
 */
export function resizeNearest(x: Tensor, rows: number, columns: number): Tensor {
  const [, height, width] = x.shape as Tensor4D["shape"];
  if (height === rows && width === columns) return x;
  return nativeOr(
    () => tf.gather(tf.gather(x, nearest(height, rows), 1), nearest(width, columns), 2),
    () => tf.image.resizeNearestNeighbor(x as Tensor4D, [rows, columns]),
  );
}

/** Which of `m` pixels comes at each of `n` places, int32 [n]. */
function nearest(m: number, n: number): Tensor {
  const ratio = Math.fround(m / n);
  return tf.tensor1d(
    Array.from({ length: n }, (_, i) => Math.min(Math.floor(Math.fround(i * ratio)), m - 1)),
    "int32",
  );
}
