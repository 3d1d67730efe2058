import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../kernels/tensor.ts";
import { oneHot } from "../../nn/ops.ts";

/** The two parts of a KL between distributions over classes, for each sample. */
export interface DecoupledKl {
  /** T² · KL between the probabilities of the target class and of all others together: TCKD. */
  readonly target: Tensor;
  /** T² · KL between the distributions over the other classes: NCKD. */
  readonly others: Tensor;
}

/**
 * The two parts of KL(softmax(teacher / T) ‖ softmax(student / T)) of logits, [batch, classes], for
 * the target classes, int32 [batch] (Zhao et al., 2022).
 */
export function decoupledKl(
  student: Tensor,
  teacher: Tensor,
  label: Tensor,
  temperature: number,
): DecoupledKl {
  const [s, t] = [student, teacher].map((logits) => decouple(tf.div(logits, temperature), label));
  const part = (student: Tensor, teacher: Tensor) =>
    tf.mul(divergence(student, teacher), temperature ** 2);
  return { target: part(s.target, t.target), others: part(s.others, t.others) };
}

/**
 * Two distributions as log-probabilities: target or not, [batch, 2], and over the other classes,
 * [batch, classes], where the target's probability is 0.
 */
function decouple(logits: Tensor, label: Tensor): { target: Tensor; others: Tensor } {
  const isTarget = oneHot(label, logits.shape[1]!);
  const others = tf.sub(logits, tf.mul(isTarget, 1000));
  const sum = tf.logSumExp(others, -1, true);
  const pair = tf.concat([tf.sum(tf.mul(logits, isTarget), -1, true), sum], -1);
  return { target: tf.logSoftmax(pair, -1), others: tf.sub(others, sum) };
}

/** KL(teacher ‖ student) for each sample, [batch], from log-probabilities. */
function divergence(student: Tensor, teacher: Tensor): Tensor {
  return tf.sum(tf.mul(tf.exp(teacher), tf.sub(teacher, student)), -1);
}
