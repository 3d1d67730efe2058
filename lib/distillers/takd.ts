import * as tf from "@tensorflow/tfjs";
import type { Distiller } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { kl, masked } from "../nn/ops.ts";

/** What `takd` can be asked for. */
export interface TakdOptions {
  /**
   * T; 5. The released code searches it for each pair and gives no value; this is what DGKD's code
   * has.
   */
  readonly temperature?: number;
  /**
   * λ, the weight of the KL, 1 − λ being that of the cross-entropy; ½, ours: it is searched
   * likewise.
   */
  readonly kd?: number;
  /** Whether both logits are standardised first (Sun et al., 2024); no. */
  readonly standardised?: boolean;
}

/**
 * TAKD: Improved Knowledge Distillation via Teacher Assistant. Mirzadeh et al., 2020.
 * arXiv:1902.03393. L = (1 − λ) · CE(s, y) + λ · T² · KL(softmax(t / T) ‖ softmax(s / T)) /
 * classes: the released code takes the KL's mean over the classes too; `atkd` does not.
 *
 * An assistant between teacher and student is an experiment of its own that the student's imports:
 *
 * ```ts ignore
 * // assistant.ts
 * export default experiment(import.meta, { ...shared, teacher: from(resnet110), student: resnet56, distiller: takd() });
 * // student.ts
 * import assistant from "./assistant.ts";
 * export default experiment(import.meta, { ...shared, teacher: from(assistant), student: resnet20, distiller: takd() });
 * ```
 */
export function takd(
  { temperature = 5, kd = 0.5, standardised }: TakdOptions = {},
): Distiller<Scorer, Scorer> {
  return {
    id: "takd",
    options: { temperature, kd, standardised },
    paper:
      "Improved Knowledge Distillation via Teacher Assistant. Mirzadeh et al., 2020. arXiv:1902.03393",
    build: ({ dataset: { classes } }) => ({ student, teacher, task, mask }) => {
      const divergence = kl(student.taps.logits, teacher.taps.logits, temperature, {
        standardised,
      });
      return {
        task: [1 - kd, task(student), "task"],
        kd: [kd, masked(tf.div(divergence, classes), mask("logits"))],
      };
    },
  };
}
