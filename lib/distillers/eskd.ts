import * as tf from "@tensorflow/tfjs";
import type { Distiller } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { applyMask, kl } from "../nn/ops.ts";
import type { KdOptions } from "./kd.ts";
import { above, atLeast, checkRanges, whole } from "../values/range.ts";

/** Options of `eskd`. */
export interface EskdOptions extends KdOptions {
  /** The last epoch in which the student learns from the teacher. Default: none, so every epoch. */
  readonly until?: number;
}

/**
 * ESKD: On the Efficacy of Knowledge Distillation. Cho, Hariharan, 2019. arXiv:1910.01348. No code
 * is released, so this is our reading. A teacher that is too good for its student stops early, as
 * the experiment declares: `teacher: from(resnet34, { epoch: 35 })`. The distillation stops early
 * too, after the epoch `until`: L = ce · CE(s, y) + [epoch ≤ until] · kd · T² · KL(softmax(t / T) ‖
 * softmax(s / T)). Defaults as in `kd`.
 */
export function eskd({ until, ...options }: EskdOptions = {}): Distiller<Scorer, Scorer> {
  const {
    standardised,
    temperature = standardised ? 2 : 4,
    ce = 0.1,
    kd = standardised ? 9 : 0.9,
  } = options;
  return {
    id: "eskd",
    options: checkRanges("eskd", { temperature, ce, kd, standardised, until }, {
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
      until: whole(0),
    }),
    epochOptions: until === undefined
      ? []
      : [{ owner: "eskd", option: "until", value: until, isSet: true }],
    paper: "On the Efficacy of Knowledge Distillation. Cho, Hariharan, 2019. arXiv:1910.01348",
    build: () => ({ student, teacher, task, epoch, mask }) => {
      const weight = until === undefined
        ? kd
        : tf.mul(tf.cast(tf.lessEqual(epoch, until), "float32"), kd);
      const divergence = kl(student.taps.logits, teacher.taps.logits, temperature, {
        standardised,
      });
      return {
        task: [ce, task(student), "task"],
        kd: [weight, applyMask(divergence, mask("logits"))],
      };
    },
  };
}
