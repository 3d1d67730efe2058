import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { nativeOr } from "./native.ts";

/**
 * Resizes a map [batch, height, width, channels] to `rows` × `columns` by bilinear interpolation
 * between pixel centres (PyTorch's, corners not aligned). Uses matrix products, because tfjs's
 * gradient aligns pixels differently.
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

/** The weight of each pixel of a side at each place, [1, places, pixels]. */
function weights(pixels: number, places: number): Tensor {
  const rows = Array.from({ length: places }, (_, place) => {
    const centre = Math.min(Math.max((place + 0.5) * pixels / places - 0.5, 0), pixels - 1);
    return Array.from({ length: pixels }, (_, i) => Math.max(0, 1 - Math.abs(centre - i)));
  });
  return tf.tensor3d([rows]);
}

/**
 * Resizes a map [batch, height, width, channels] to `rows` × `columns`. Place i of n takes pixel ⌊i
 * · m/n⌋ of m, the ratio rounded to float32, like PyTorch's and TensorFlow's nearest neighbours.
 * The twin on tfjs's own backend gathers: tfjs's op there does not round and takes other pixels at
 * some sizes.
 */
export function resizeNearest(x: Tensor, rows: number, columns: number): Tensor {
  const [, height, width] = x.shape as Tensor4D["shape"];
  if (height === rows && width === columns) return x;
  return nativeOr(
    () => tf.gather(tf.gather(x, nearest(height, rows), 1), nearest(width, columns), 2),
    () => tf.image.resizeNearestNeighbor(x as Tensor4D, [rows, columns]),
  );
}

/** The index of the pixel of `m` at each of `n` places, int32 [n]. */
function nearest(m: number, n: number): Tensor {
  const ratio = Math.fround(m / n);
  return tf.tensor1d(
    Array.from({ length: n }, (_, i) => Math.min(Math.floor(Math.fround(i * ratio)), m - 1)),
    "int32",
  );
}
