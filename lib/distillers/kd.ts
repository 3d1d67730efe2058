import type { Distiller } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { applyMask, kl } from "../nn/ops.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `kd`. */
export interface KdOptions {
  /**
   * T, which softens both distributions. Default: 4, as in every CIFAR-100 table; 2 for
   * standardised logits.
   */
  readonly temperature?: number;
  /** Weight of the cross-entropy. Default: 0.1 (RepDistiller, mdistiller). */
  readonly ce?: number;
  /**
   * Weight of T² · KL(teacher ‖ student). Default: 0.9 (RepDistiller, mdistiller); 9 for
   * standardised logits.
   */
  readonly kd?: number;
  /**
   * Whether both logits are standardised first (Sun et al., 2024, whose T and weight are then the
   * defaults). Default: false.
   */
  readonly standardised?: boolean;
}

/**
 * KD: Distilling the Knowledge in a Neural Network. Hinton, Vinyals, Dean, 2015. arXiv:1503.02531.
 * L = ce · CE(s, y) + kd · T² · KL(softmax(t / T) ‖ softmax(s / T)).
 *
 * @example
 * ```ts
 * import { experiment, from, kd, resnet20, resnet8, scratch, sgd } from "@retort/retort";
 * import { cifar100 } from "@retort/retort/datasets";
 *
 * const shared = { dataset: cifar100(), schedule: sgd({ epochs: 240, batch: 64, lr: 0.05 }) };
 * export const teacher = experiment(import.meta, {
 *   ...shared,
 *   student: resnet20,
 *   distiller: scratch(),
 * });
 * export const student = experiment(import.meta, {
 *   ...shared,
 *   teacher: from(teacher),
 *   student: resnet8,
 *   distiller: kd({ temperature: 4 }),
 * });
 * ```
 */
export function kd(options: KdOptions = {}): Distiller<Scorer, Scorer> {
  const {
    standardised,
    temperature = standardised ? 2 : 4,
    ce = 0.1,
    kd = standardised ? 9 : 0.9,
  } = options;
  return {
    id: "kd",
    options: checkRanges("kd", { temperature, ce, kd, standardised }, {
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper:
      "Distilling the Knowledge in a Neural Network. Hinton, Vinyals, Dean, 2015. arXiv:1503.02531",
    build: () => ({ student, teacher, task, mask }) => ({
      task: [ce, task(student), "task"],
      kd: [
        kd,
        applyMask(
          kl(student.taps.logits, teacher.taps.logits, temperature, { standardised }),
          mask("logits"),
        ),
      ],
    }),
  };
}
