import * as tf from "@tensorflow/tfjs";
import type { Distiller } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { applyMask, logSoftmax, softmax, stopGradient } from "../nn/ops.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `wsld`. */
export interface WsldOptions {
  /** T. Default: 2 (the authors). */
  readonly temperature?: number;
  /** α, the weight of the weighted soft labels. Default: 2.5 (the authors on ImageNet). */
  readonly kd?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/**
 * WSLD: Rethinking Soft Labels for Knowledge Distillation: A Bias-Variance Tradeoff Perspective.
 * Zhou et al., 2021. arXiv:2102.00650. L = ce · CE(s, y) + kd · w · T² · CE(softmax(s / T),
 * softmax(t / T)), with each sample's w = 1 − exp(−CE(s, y) / CE(t, y)), which does not learn: the
 * more a sample's student lags behind its teacher, the more its soft label counts.
 */
export function wsld(options: WsldOptions = {}): Distiller<Scorer, Scorer> {
  const { temperature = 2, kd = 2.5, ce = 1 } = options;
  return {
    id: "wsld",
    options: checkRanges("wsld", { temperature, kd, ce }, {
      temperature: above(0),
      kd: atLeast(0),
      ce: atLeast(0),
    }),
    paper:
      "Rethinking Soft Labels for Knowledge Distillation: A Bias-Variance Tradeoff Perspective. " +
      "Zhou et al., 2021. arXiv:2102.00650",
    build: () => ({ student, teacher, task, mask }) => {
      const soft = softmax(teacher.taps.logits, temperature);
      const loss = tf.neg(tf.sum(tf.mul(soft, logSoftmax(student.taps.logits, temperature)), -1));
      const ratio = tf.div(stopGradient(task(student)), tf.add(task(teacher), 1e-7));
      const weight = tf.sub(1, tf.exp(tf.neg(tf.relu(ratio))));
      return {
        task: [ce, task(student), "task"],
        kd: [kd * temperature ** 2, applyMask(tf.mul(weight, loss), mask("logits"))],
      };
    },
  };
}
