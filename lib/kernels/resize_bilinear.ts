import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";

/**
 * A map [batch, height, width, channels] brought to `rows` × `columns` by bilinear interpolation between the centres of
 * pixels (PyTorch's, corners not aligned). Made of matrix products: the gradient that tfjs has aligns pixels otherwise.
 */
export function resizeBilinear(x: Tensor, rows: number, columns: number): Tensor {
  const [batch, height, width, channels] = (x as Tensor4D).shape;
  if (height === rows && width === columns) return x;
  const across = tf.matMul(weights(width, columns), tf.reshape(x, [batch * height, width, channels]));
  const down = tf.matMul(weights(height, rows), tf.reshape(across, [batch, height, columns * channels]));
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
