import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";

/**
 * The channels of [batch, height, width, channels] dealt out anew: channel i of part p, of `groups` equal parts, becomes
 * channel i · groups + p (Zhang et al., 2018).
 */
export function shuffleChannels(x: Tensor, groups: number): Tensor {
  const [batch, height, width, channels] = x.shape;
  const parts = tf.reshape(x, [batch, height, width, groups, channels! / groups]);
  return tf.reshape(tf.transpose(parts, [0, 1, 2, 4, 3]), x.shape);
}
