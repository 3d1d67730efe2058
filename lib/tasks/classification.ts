import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";
import type { Output, Scorer } from "../network.ts";
import { crossEntropy } from "../ops.ts";

/** Cross-entropy of the right class for each sample, [batch]. */
export function classification(label: Tensor): (output: Output<Scorer>) => Tensor {
  return ({ taps: { logits } }) => {
    const target = tf.oneHot(label as tf.Tensor1D, logits.shape[1]!, 1, 0, "float32");
    return crossEntropy(logits, target);
  };
}

/** How many samples have their class among the `k` highest scores, a scalar. */
export function topK(logits: Tensor, label: Tensor, k: number): Tensor {
  const target = tf.oneHot(label as tf.Tensor1D, logits.shape[1]!, 1, 0, "float32");
  const own = tf.sum(tf.mul(logits, target), -1, true);
  // Ties count against the network, as sorting stably in favour of others would: a constant output has no hit by luck,
  // and neither has one that is not a number.
  const below = tf.sum(tf.cast(tf.less(logits, own), "float32"), -1);
  return tf.sum(tf.cast(tf.greaterEqual(below, logits.shape[1]! - k), "float32"));
}
