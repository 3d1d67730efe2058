import * as tf from "@tensorflow/tfjs";
import type { Distiller, HardLabels } from "../experiment/distiller.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Scorer } from "../nn/network.ts";
import { applyMask, logSoftmax, oneHot, softmax } from "../nn/ops.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `nkd`. */
export interface NkdOptions {
  /** γ, the weight of the other classes' part. Default: 1.5 (the authors). */
  readonly gamma?: number;
  /** λ, the temperature of the other classes. Default: 1 (the authors). */
  readonly temperature?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/**
 * NKD: From Knowledge Distillation to Self-Knowledge Distillation: A Unified Approach with
 * Normalized Loss and Customized Soft Labels. Yang et al., 2023. arXiv:2303.13005. L = ce · CE(s, y)
 * − p_t(y) · log p_s(y) − γ · λ² · Σ_{c ≠ y} q_t(c) · log q_s(c), with p = softmax(·) and q =
 * softmax(· / λ) over the other classes alone, so that they add up to 1. With two classes the last
 * part is 0: there is one other class.
 */
export function nkd(options: NkdOptions = {}): Distiller<Scorer, Scorer, HardLabels> {
  const { gamma = 1.5, temperature = 1, ce = 1 } = options;
  return {
    id: "nkd",
    options: checkRanges("nkd", { gamma, temperature, ce }, {
      gamma: atLeast(0),
      temperature: above(0),
      ce: atLeast(0),
    }),
    paper:
      "From Knowledge Distillation to Self-Knowledge Distillation: A Unified Approach with Normalized " +
      "Loss and Customized Soft Labels. Yang et al., 2023. arXiv:2303.13005",
    note: (classes) =>
      classes === 2
        ? "nkd: with two classes there is no non-target part: it is 0 by its equation"
        : undefined,
    build: () => ({ student, teacher, label, task, mask }) => {
      const [s, t] = [student, teacher].map(({ taps }) => taps.logits);
      const isTarget = oneHot(label, s.shape[1]!);
      const ofTarget = (values: Tensor) => tf.sum(tf.mul(values, isTarget), -1);
      // So low a score has no share in the softmax of the others.
      const others = (logits: Tensor) => tf.sub(tf.div(logits, temperature), tf.mul(isTarget, 1e4));
      const logOthers = tf.mul(logSoftmax(others(s)), tf.sub(1, isTarget));
      const target = tf.neg(tf.mul(ofTarget(softmax(t)), ofTarget(logSoftmax(s))));
      const rest = tf.neg(tf.sum(tf.mul(softmax(others(t)), logOthers), -1));
      return {
        task: [ce, task(student), "task"],
        target: [1, applyMask(target, mask("logits"))],
        others: [gamma * temperature ** 2, applyMask(rest, mask("logits"))],
      };
    },
  };
}
