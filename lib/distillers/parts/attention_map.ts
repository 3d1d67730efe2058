import * as tf from "@tensorflow/tfjs";
import { flatten, unitRows } from "../../nn/ops.ts";
import type { Tensor } from "../../kernels/tensor.ts";

/**
 * The attention of a map, [batch, height, width, channels]: the mean of its squared channels as a
 * unit vector over positions.
 */
export function attentionMap(map: Tensor): Tensor {
  return unitRows(flatten(tf.mean(tf.square(map), -1)));
}
