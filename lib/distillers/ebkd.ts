import * as tf from "@tensorflow/tfjs";
import { type Distiller, numberTerms, type SeveralTeachers } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { applyMask, kl, logSoftmax } from "../nn/ops.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `ebkd`. */
export interface EbkdOptions {
  /** T. Default: 4 (CA-MKD). */
  readonly temperature?: number;
  /** Weight of the cross-entropy. Default: 1 (CA-MKD). */
  readonly ce?: number;
  /** Weight of the teachers' logits. Default: 1 (CA-MKD). */
  readonly kd?: number;
  /** Whether all logits are standardised first (Sun et al., 2024). Default: false. */
  readonly standardised?: boolean;
}

/**
 * EBKD: Entropy-Based Adaptive Knowledge Distillation. Kwon et al., 2020, as CA-MKD's repository
 * implements it for comparison: the surer a teacher is of an image, the larger its weight. L = ce ·
 * CE(s, y) + kd · mean over the M teachers of wₘ · T² · KL(softmax(tₘ / T) ‖ softmax(s / T)), with
 * wₘ = 1 − H(tₘ) / Σⱼ H(tⱼ) for each image and H the entropy at temperature 1.
 */
export function ebkd(options: EbkdOptions = {}): Distiller<Scorer, SeveralTeachers> {
  const { temperature = 4, ce = 1, kd = 1, standardised } = options;
  return {
    id: "ebkd",
    options: checkRanges("ebkd", { temperature, ce, kd, standardised }, {
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper: "Adaptive Knowledge Distillation Based on Entropy. Kwon, Na, Lee, Kim, 2020. ICASSP",
    build: ({ teacher: { length } }) => ({ student, teacher, task, mask }) => {
      const weights = entropyWeights(teacher.map(({ taps: { logits } }) => logits));
      const teacherTerms = teacher.map(({ taps: { logits } }, i) => {
        const divergence = kl(student.taps.logits, logits, temperature, { standardised });
        return [kd / length, applyMask(tf.mul(weights[i], divergence), mask("logits"))] as const;
      });
      return { task: [ce, task(student), "task"], ...numberTerms("teacher", teacherTerms) };
    },
  };
}

/**
 * 1 − each teacher's share of the entropy, for each sample, [batch]. If every entropy is 0, the
 * shares are equal.
 */
function entropyWeights(logits: readonly Tensor[]): Tensor[] {
  const entropies = logits.map((one) => {
    const log = logSoftmax(one);
    return tf.sub(TINY, tf.sum(tf.mul(tf.exp(log), log), -1));
  });
  const sum = tf.addN(entropies);
  return entropies.map((entropy) => tf.sub(1, tf.div(entropy, sum)));
}

/** Avoids 0 / 0, and is too small to change an entropy that is not 0. */
const TINY = 1e-20;
