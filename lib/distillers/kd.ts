import type { Distiller } from "../distiller.ts";
import type { Scorer } from "../network.ts";
import { kl, masked } from "../ops.ts";

/** What `kd` can be asked for. */
export interface KdOptions {
  /** T: both distributions are softened by it; 4, as in every CIFAR-100 table. */
  readonly temperature?: number;
  /** Weight of the cross-entropy; 0.1 (RepDistiller, mdistiller). */
  readonly ce?: number;
  /** Weight of T² · KL(teacher ‖ student); 0.9 (RepDistiller, mdistiller). */
  readonly kd?: number;
}

/**
 * KD: Distilling the Knowledge in a Neural Network. Hinton, Vinyals, Dean, 2015. arXiv:1503.02531.
 * L = ce · CE(s, y) + kd · T² · KL(softmax(t / T) ‖ softmax(s / T)).
 */
export function kd({ temperature = 4, ce = 0.1, kd = 0.9 }: KdOptions = {}): Distiller<Scorer, Scorer> {
  return {
    id: "kd",
    options: { temperature, ce, kd },
    paper: "Distilling the Knowledge in a Neural Network. Hinton, Vinyals, Dean, 2015. arXiv:1503.02531",
    build: () => ({ student, teacher, task, mask }) => ({
      task: [ce, task(student)],
      kd: [kd, masked(kl(student.taps.logits, teacher.taps.logits, temperature), mask("logits"))],
    }),
  };
}
