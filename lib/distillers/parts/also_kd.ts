import type { StepContext, Terms } from "../../experiment/distiller.ts";
import type { Output, Scorer } from "../../nn/network.ts";
import { applyMask, kl } from "../../nn/ops.ts";

/** Options of a method that can also learn from the teacher's logits. */
export interface AlsoKdOptions {
  /**
   * Weight of T² · KL(teacher ‖ student) beside the method's own terms. Default: 0 (SAKD has 1).
   */
  readonly kd?: number;
  /** T of that KL. Default: 4. */
  readonly temperature?: number;
}

/** The outputs that the term compares, and the mask of its spot. */
export interface Compared extends Pick<StepContext<Scorer, Scorer>, "mask"> {
  readonly student: Output<Scorer>;
  readonly teacher: Output<Scorer>;
}

/** The term `kd` with this weight and this T. No term if the weight is 0. */
export function alsoKd(
  { student, teacher, mask }: Compared,
  { kd, temperature }: Required<AlsoKdOptions>,
): Terms {
  if (kd === 0) return {};
  return {
    kd: [kd, applyMask(kl(student.taps.logits, teacher.taps.logits, temperature), mask("logits"))],
  };
}
