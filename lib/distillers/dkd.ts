import * as tf from "@tensorflow/tfjs";
import type { Distiller, HardLabels } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { applyMask, standardise } from "../nn/ops.ts";
import { decoupledKl } from "./parts/decoupled_kl.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `dkd`. */
export interface DkdOptions {
  /**
   * α, the weight of the target class's part, TCKD. Default: 1 (mdistiller, every configuration).
   */
  readonly alpha?: number;
  /**
   * β, the weight of the other classes' part, NCKD. Default: 8 (mdistiller for resnet32x4 as a
   * teacher, resnet50–mobilenetv2, wrn_40_2–shufflenetv1). mdistiller has 6 for wrn_40_2–wrn_16_2,
   * wrn_40_2–wrn_40_1, vgg13–vgg8 and vgg13–mobilenetv2, 2 for resnet56–resnet20 and
   * resnet110–resnet32; on ImageNet 0.5 for resnet34–resnet18, 2 for resnet50–mobilenetv1.
   */
  readonly beta?: number;
  /**
   * T. Default: 4 (mdistiller on CIFAR-100; 1 on ImageNet, 10 in SLKD's copy of the configuration).
   */
  readonly temperature?: number;
  /**
   * Epochs until both parts have their full weight. Default: 20 (mdistiller on CIFAR-100; 1 on
   * ImageNet).
   */
  readonly warmUp?: number;
  /** Weight of the cross-entropy. Default: 1 (mdistiller). */
  readonly ce?: number;
  /**
   * Whether both logits are standardised first (Sun et al., 2024, who then multiply α and β by 9).
   * Default: false.
   */
  readonly standardised?: boolean;
}

/**
 * DKD: Decoupled Knowledge Distillation. Zhao et al., 2022. arXiv:2203.08679. L = ce · CE(s, y) +
 * min(epoch / warmUp, 1) · (α · TCKD + β · NCKD), both T² · KL. TCKD compares the teacher's and the
 * student's (p_y, 1 − p_y), NCKD their distributions over the other classes, with p = softmax(· /
 * T). With two classes there is one other class, and NCKD is 0.
 */
export function dkd(options: DkdOptions = {}): Distiller<Scorer, Scorer, HardLabels> {
  const { alpha = 1, beta = 8, temperature = 4, warmUp = 20, ce = 1, standardised } = options;
  return {
    id: "dkd",
    options: checkRanges("dkd", { alpha, beta, temperature, warmUp, ce, standardised }, {
      alpha: atLeast(0),
      beta: atLeast(0),
      temperature: above(0),
      warmUp: atLeast(0),
      ce: atLeast(0),
    }),
    epochOptions: [
      { owner: "dkd", option: "warmUp", value: warmUp, isSet: options.warmUp !== undefined },
    ],
    paper: "Decoupled Knowledge Distillation. Zhao et al., 2022. arXiv:2203.08679",
    note: (classes) =>
      classes === 2
        ? "dkd: with two classes there is no non-target part: NCKD is 0 by its equation"
        : undefined,
    build: () => ({ student, teacher, label, epoch, task, mask }) => {
      const [s, t] = [student, teacher].map(({ taps: { logits } }) =>
        standardised ? standardise(logits) : logits
      );
      const { target, others } = decoupledKl(s, t, label, temperature);
      const ramp = tf.minimum(tf.div(epoch, warmUp), 1);
      return {
        task: [ce, task(student), "task"],
        tckd: [tf.mul(ramp, alpha), applyMask(target, mask("logits"))],
        nckd: [tf.mul(ramp, beta), applyMask(others, mask("logits"))],
      };
    },
  };
}
