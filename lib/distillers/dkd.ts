import * as tf from "@tensorflow/tfjs";
import type { Distiller, HardLabels } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { masked, standardise } from "../nn/ops.ts";
import type { Tensor } from "../kernels/tensor.ts";

/** What `dkd` can be asked for. */
export interface DkdOptions {
  /** α, the weight of the target's part, TCKD; 1 (mdistiller, every configuration). */
  readonly alpha?: number;
  /**
   * β, the weight of the other classes' part, NCKD. 8 (mdistiller for resnet32x4 as a teacher,
   * resnet50–mobilenetv2, wrn_40_2–shufflenetv1); 6 for wrn_40_2–wrn_16_2, wrn_40_2–wrn_40_1,
   * vgg13–vgg8 and vgg13–mobilenetv2; 2 for resnet56–resnet20 and resnet110–resnet32; on ImageNet
   * 0.5 for resnet34–resnet18, 2 for resnet50–mobilenetv1.
   */
  readonly beta?: number;
  /** T; 4 (mdistiller on CIFAR-100; 1 on ImageNet, 10 in SLKD's copy of the configuration). */
  readonly temperature?: number;
  /**
   * Epochs over which both parts grow to their full weight; 20 (mdistiller on CIFAR-100; 1 on
   * ImageNet).
   */
  readonly warmUp?: number;
  /** Weight of the cross-entropy; 1 (mdistiller). */
  readonly ce?: number;
  /**
   * Whether both logits are standardised first (Sun et al., 2024, who then multiply α and β by 9);
   * no.
   */
  readonly standardised?: boolean;
}

/**
 * DKD: Decoupled Knowledge Distillation. Zhao et al., 2022. arXiv:2203.08679. L = ce · CE(s, y) +
 * min(epoch / warmUp, 1) · (α · TCKD + β · NCKD), T² · KL both: TCKD between the teacher's and the
 * student's (p_y, 1 − p_y), NCKD between their distributions over the other classes, p = softmax(·
 * / T).
 */
export function dkd(options: DkdOptions = {}): Distiller<Scorer, Scorer, HardLabels> {
  const { alpha = 1, beta = 8, temperature = 4, warmUp = 20, ce = 1, standardised } = options;
  return {
    id: "dkd",
    options: { alpha, beta, temperature, warmUp, ce, standardised },
    paper: "Decoupled Knowledge Distillation. Zhao et al., 2022. arXiv:2203.08679",
    build: () => ({ student, teacher, label, epoch, task, mask }) => {
      const [s, t] = [student, teacher].map(({ taps: { logits } }) =>
        decoupled(tf.div(standardised ? standardise(logits) : logits, temperature), label)
      );
      const grown = tf.minimum(tf.div(epoch, warmUp), 1);
      const part = (student: Tensor, teacher: Tensor) =>
        masked(tf.mul(divergence(student, teacher), temperature ** 2), mask("logits"));
      return {
        task: [ce, task(student), "task"],
        tckd: [tf.mul(grown, alpha), part(s.target, t.target)],
        nckd: [tf.mul(grown, beta), part(s.others, t.others)],
      };
    },
  };
}

/**
 * Two distributions as logarithms: whether it is the target, [batch, 2], and which of the other
 * classes it is if not, [batch, classes], where the target's probability is 0.
 */
function decoupled(logits: Tensor, label: Tensor): { target: Tensor; others: Tensor } {
  const own = tf.oneHot(label as tf.Tensor1D, logits.shape[1]!, 1, 0, "float32");
  const without = tf.sub(logits, tf.mul(own, 1000));
  const rest = tf.logSumExp(without, -1, true);
  const both = tf.concat([tf.sum(tf.mul(logits, own), -1, true), rest], -1);
  return { target: tf.logSoftmax(both, -1), others: tf.sub(without, rest) };
}

/** KL(teacher ‖ student) for each sample, [batch], from logarithms of probabilities. */
function divergence(student: Tensor, teacher: Tensor): Tensor {
  return tf.sum(tf.mul(tf.exp(teacher), tf.sub(teacher, student)), -1);
}
