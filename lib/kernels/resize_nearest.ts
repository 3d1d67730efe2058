import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";
import { nativeBackend } from "../tensorflow/backend.ts";

/**
 * A map [batch, height, width, channels] brought to `rows` × `columns` by taking pixel ⌊i · m/n⌋ of m at place i of n, the
 * ratio rounded to float32, as PyTorch's and TensorFlow's nearest neighbours have it. Its twin on tfjs's own backend gathers:
 * what tfjs has there does not round, and takes another pixel of some.
 */
export function resizeNearest(x: Tensor, rows: number, columns: number): Tensor {
  const [, height, width] = x.shape as Tensor4D["shape"];
  if (height === rows && width === columns) return x;
  if (nativeBackend()) return tf.image.resizeNearestNeighbor(x as Tensor4D, [rows, columns]);
  return tf.gather(tf.gather(x, pixels(height, rows), 1), pixels(width, columns), 2);
}

/** Which of `m` pixels comes at each of `n` places, int32 [n]. */
function pixels(m: number, n: number): Tensor {
  const ratio = Math.fround(m / n);
  return tf.tensor1d(
    Array.from({ length: n }, (_, i) => Math.min(Math.floor(Math.fround(i * ratio)), m - 1)),
    "int32",
  );
}
