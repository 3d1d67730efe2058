import * as tf from "@tensorflow/tfjs";
import { type Distiller, numberTerms, type SeveralTeachers } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { kl, logSoften, masked } from "../nn/ops.ts";
import type { Tensor } from "../kernels/tensor.ts";

/** What `ebkd` can be asked for. */
export interface EbkdOptions {
  /** T; 4 (CA-MKD). */
  readonly temperature?: number;
  /** Weight of the cross-entropy; 1 (CA-MKD). */
  readonly ce?: number;
  /** Weight of what the teachers teach; 1 (CA-MKD). */
  readonly kd?: number;
  /** Whether all logits are standardised first (Sun et al., 2024); no. */
  readonly standardised?: boolean;
}

/**
 * EBKD: Entropy-Based Adaptive Knowledge Distillation. Kwon et al., 2020, as CA-MKD's repository
 * compares with it: the surer a teacher is of an image, the more it counts. L = ce · CE(s, y) + kd
 * · mean over the M teachers of wₘ · T² · KL(softmax(tₘ / T) ‖ softmax(s / T)), wₘ = 1 − H(tₘ) / Σⱼ
 * H(tⱼ) for each image, H the entropy at temperature 1.
 */
export function ebkd(options: EbkdOptions = {}): Distiller<Scorer, SeveralTeachers> {
  const { temperature = 4, ce = 1, kd = 1, standardised } = options;
  return {
    id: "ebkd",
    options: { temperature, ce, kd, standardised },
    paper: "Adaptive Knowledge Distillation Based on Entropy. Kwon, Na, Lee, Kim, 2020. ICASSP",
    build: ({ teacher: { length } }) => ({ student, teacher, task, mask }) => {
      const weights = byEntropy(teacher.map(({ taps: { logits } }) => logits));
      const taught = teacher.map(({ taps: { logits } }, i) => {
        const divergence = kl(student.taps.logits, logits, temperature, { standardised });
        return [kd / length, masked(tf.mul(weights[i], divergence), mask("logits"))] as const;
      });
      return { task: [ce, task(student), "task"], ...numberTerms("teacher", taught) };
    },
  };
}

/**
 * 1 − each one's share of the entropy, for each sample, [batch]; where nobody has any, all have the
 * same share.
 */
function byEntropy(logits: readonly Tensor[]): Tensor[] {
  const entropies = logits.map((one) => {
    const log = logSoften(one);
    return tf.sub(TINY, tf.sum(tf.mul(tf.exp(log), log), -1));
  });
  const sum = tf.addN(entropies);
  return entropies.map((entropy) => tf.sub(1, tf.div(entropy, sum)));
}

/** Too little to change an entropy that is not 0. */
const TINY = 1e-20;
