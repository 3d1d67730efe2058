import type { Distiller } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { kl, masked } from "../nn/ops.ts";

/** What `kd` can be asked for. */
export interface KdOptions {
  /**
   * T: both distributions are softened by it; 4, as in every CIFAR-100 table; 2 for standardised
   * logits.
   */
  readonly temperature?: number;
  /** Weight of the cross-entropy; 0.1 (RepDistiller, mdistiller). */
  readonly ce?: number;
  /**
   * Weight of T² · KL(teacher ‖ student); 0.9 (RepDistiller, mdistiller); 9 for standardised
   * logits.
   */
  readonly kd?: number;
  /**
   * Whether both logits are standardised first (Sun et al., 2024, whose T and weight then are the
   * defaults); no.
   */
  readonly standardised?: boolean;
}

/**
 * KD: Distilling the Knowledge in a Neural Network. Hinton, Vinyals, Dean, 2015. arXiv:1503.02531.
 * L = ce · CE(s, y) + kd · T² · KL(softmax(t / T) ‖ softmax(s / T)).
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
    options: { temperature, ce, kd, standardised },
    paper:
      "Distilling the Knowledge in a Neural Network. Hinton, Vinyals, Dean, 2015. arXiv:1503.02531",
    build: () => ({ student, teacher, task, mask }) => ({
      task: [ce, task(student), "task"],
      kd: [
        kd,
        masked(
          kl(student.taps.logits, teacher.taps.logits, temperature, { standardised }),
          mask("logits"),
        ),
      ],
    }),
  };
}
