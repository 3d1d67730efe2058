import * as tf from "@tensorflow/tfjs";
import type { Distiller } from "../experiment/distiller.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Scorer } from "../nn/network.ts";
import { applyMask, kl, reverseGradient } from "../nn/ops.ts";
import { scalarVariable } from "../nn/variables.ts";
import { above, atLeast, checkRanges, finite } from "../values/range.ts";

/** Options of `ctkd`. */
export interface CtkdOptions {
  /** The lowest temperature. Default: 1 (the authors). */
  readonly lowest?: number;
  /** The highest temperature minus the lowest. Default: 20 (the authors). */
  readonly range?: number;
  /** θ, from which the temperature is learned, at the start. Default: 1 (the authors). */
  readonly start?: number;
  /** Epochs until the gradient is reversed at its full strength. Default: 10 (the authors). */
  readonly loops?: number;
  /** Weight of the cross-entropy. Default: 0.1 (the authors on CIFAR-100). */
  readonly ce?: number;
  /** Weight of T² · KL(teacher ‖ student). Default: 0.9 (the authors on CIFAR-100). */
  readonly kd?: number;
}

/**
 * CTKD: Curriculum Temperature for Knowledge Distillation. Li et al., 2023. arXiv:2211.16231, with
 * one temperature for all samples. L = ce · CE(s, y) + kd · T² · KL(softmax(t / T) ‖ softmax(s /
 * T)), with T = lowest + range · sigmoid(θ). θ learns against the student: its gradient is reversed,
 * with a strength that grows with the epochs e, (1 − cos(π · min(e, loops) / loops)) / 2. The
 * report `temperature` has T.
 */
export function ctkd(options: CtkdOptions = {}): Distiller<Scorer, Scorer> {
  const { lowest = 1, range = 20, start = 1, loops = 10, ce = 0.1, kd = 0.9 } = options;
  return {
    id: "ctkd",
    options: checkRanges("ctkd", { lowest, range, start, loops, ce, kd }, {
      lowest: above(0),
      range: atLeast(0),
      start: finite,
      loops: above(0),
      ce: atLeast(0),
      kd: atLeast(0),
    }),
    epochOptions: [
      { owner: "ctkd", option: "loops", value: loops, isSet: options.loops !== undefined },
    ],
    paper: "Curriculum Temperature for Knowledge Distillation. Li et al., 2023. arXiv:2211.16231",
    build({ create }) {
      const theta = scalarVariable(create, "theta", start);
      return ({ student, teacher, task, epoch, live, mask }) => {
        const against = reverseGradient(live.read(theta), reversal(epoch, loops));
        const temperature = tf.add(tf.mul(tf.sigmoid(against), range), lowest);
        const divergence = kl(student.taps.logits, teacher.taps.logits, temperature);
        return {
          terms: {
            task: [ce, task(student), "task"],
            kd: [kd, applyMask(divergence, mask("logits"))],
          },
          writes: [],
          reports: { temperature: tf.mul(tf.onesLike(divergence), temperature) },
        };
      };
    },
  };
}

/** The strength of the reversal in an epoch, a scalar from 0 to 1. */
function reversal(epoch: Tensor, loops: number): Tensor {
  const share = tf.div(tf.minimum(epoch, loops), loops);
  return tf.div(tf.sub(1, tf.cos(tf.mul(share, Math.PI))), 2);
}
