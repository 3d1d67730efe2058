import { type Distiller, numberTerms, type SeveralTeachers } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { applyMask, kl } from "../nn/ops.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `aver`. */
export interface AverOptions {
  /** T. Default: 4 (AE-KD, CA-MKD). */
  readonly temperature?: number;
  /** Weight of the cross-entropy. Default: 1 (AE-KD, CA-MKD). */
  readonly ce?: number;
  /** Weight of the teachers' logits. Default: 0.9 (AE-KD; CA-MKD's script has 1). */
  readonly kd?: number;
  /** Whether all logits are standardised first (Sun et al., 2024). Default: false. */
  readonly standardised?: boolean;
}

/**
 * AVER: Learning from Multiple Teacher Networks. You et al., 2017, as in the tables' repositories:
 * several teachers of equal weight. L = ce · CE(s, y) + kd · mean over the teachers of T² ·
 * KL(softmax(tₘ / T) ‖ softmax(s / T)).
 */
export function aver(options: AverOptions = {}): Distiller<Scorer, SeveralTeachers> {
  const { temperature = 4, ce = 1, kd = 0.9, standardised } = options;
  return {
    id: "aver",
    options: checkRanges("aver", { temperature, ce, kd, standardised }, {
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper: "Learning from Multiple Teacher Networks. You, Xu, Xu, Tao, 2017. KDD",
    build: ({ teacher: { length } }) => ({ student, teacher, task, mask }) => ({
      task: [ce, task(student), "task"],
      ...numberTerms(
        "teacher",
        teacher.map(({ taps: { logits } }) => [
          kd / length,
          applyMask(kl(student.taps.logits, logits, temperature, { standardised }), mask("logits")),
        ]),
      ),
    }),
  };
}
