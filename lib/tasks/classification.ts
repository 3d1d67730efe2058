import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";
import type { Output, Scorer } from "../network.ts";
import { crossEntropy } from "../ops.ts";
import type { Task } from "./task.ts";

/** One class for each image. */
export const classification: Task = {
  id: "classification",
  measures: {
    top1: { title: "top-1", decimals: 2, isPercentage: true },
    top5: { title: "top-5", decimals: 2, isPercentage: true },
    kl: { title: "KL to teacher", decimals: 2, isPercentage: false, isLessBetter: true, isToTeacher: true },
  },
  primary: "top1",
};

/** The class of each image, int32 [batch], and the share of the loss that it has, a scalar. */
export type Label = readonly [label: Tensor, share: Tensor | number];

/** Cross-entropy of the right class for each sample, [batch]: of each of its classes, where it has several, by their shares. */
export function classificationLoss(labels: readonly Label[]): (output: Output<Scorer>) => Tensor {
  return ({ taps: { logits } }) => {
    const oneHot = (label: Tensor) => tf.oneHot(label as tf.Tensor1D, logits.shape[1]!, 1, 0, "float32");
    const [target, ...others] = labels.map(([label, share]) =>
      share === 1 ? oneHot(label) : tf.mul(oneHot(label), share)
    );
    return crossEntropy(logits, others.reduce((sum, other) => tf.add(sum, other), target));
  };
}

/** How many samples are right: of each of its classes, where it has several, its share. A scalar. */
export function correct(logits: Tensor, labels: readonly Label[]): Tensor {
  return tf.addN(labels.map(([label, share]) => tf.mul(topK(logits, label, 1), share)));
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
