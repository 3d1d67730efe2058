import * as tf from "@tensorflow/tfjs";
import type { Distiller } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { applyMask, kl } from "../nn/ops.ts";
import { above, between, checkRanges } from "../values/range.ts";

/** Options of `takd`. */
export interface TakdOptions {
  /** T. The released code searches it for each pair and has no value. Default: 5 (DGKD's code). */
  readonly temperature?: number;
  /**
   * λ, the weight of the KL; the cross-entropy has the weight 1 − λ. The released code searches it,
   * too. Default: ½ (our choice).
   */
  readonly kd?: number;
  /** Whether both logits are standardised first (Sun et al., 2024). Default: `false`. */
  readonly standardised?: boolean;
}

/**
 * TAKD: Improved Knowledge Distillation via Teacher Assistant. Mirzadeh et al., 2020.
 * arXiv:1902.03393. L = (1 − λ) · CE(s, y) + λ · T² · KL(softmax(t / T) ‖ softmax(s / T)) /
 * classes. The released code takes the KL's mean over the classes, too; `atkd` does not.
 *
 * An assistant between teacher and student is an experiment of its own, which teaches the student:
 *
 * ```ts
 * import { experiment, from, scratch, sgd, takd } from "@retort/retort";
 * import { resnet110, resnet20, resnet56 } from "@retort/retort";
 * import { cifar100 } from "@retort/retort/datasets";
 *
 * const shared = { dataset: cifar100(), schedule: sgd({ epochs: 240, batch: 64, lr: 0.05 }) };
 * export const teacher = experiment(import.meta, {
 *   ...shared,
 *   student: resnet110,
 *   distiller: scratch(),
 * });
 * export const assistant = experiment(import.meta, {
 *   ...shared,
 *   teacher: from(teacher),
 *   student: resnet56,
 *   distiller: takd(),
 * });
 * export const student = experiment(import.meta, {
 *   ...shared,
 *   teacher: from(assistant),
 *   student: resnet20,
 *   distiller: takd(),
 * });
 * ```
 */
export function takd(
  { temperature = 5, kd = 0.5, standardised }: TakdOptions = {},
): Distiller<Scorer, Scorer> {
  return {
    id: "takd",
    options: checkRanges("takd", { temperature, kd, standardised }, {
      temperature: above(0),
      kd: between(),
    }),
    paper:
      "Improved Knowledge Distillation via Teacher Assistant. Mirzadeh et al., 2020. arXiv:1902.03393",
    build: ({ dataset: { classes } }) => ({ student, teacher, task, mask }) => {
      const divergence = kl(student.taps.logits, teacher.taps.logits, temperature, {
        standardised,
      });
      return {
        task: [1 - kd, task(student), "task"],
        kd: [kd, applyMask(tf.div(divergence, classes), mask("logits"))],
      };
    },
  };
}
