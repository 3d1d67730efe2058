import type { Distiller } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { applyMask, kl } from "../nn/ops.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `dfgkd`. */
export interface DfgkdOptions {
  /** T. Default: 4 (released code, which reads SLKD's T; nothing reads its own entry, 10). */
  readonly temperature?: number;
  /**
   * a, the weight of the cross-entropy in the losses with the teacher. Default: 0.1 (released
   * code).
   */
  readonly ce?: number;
  /**
   * Weight of every KL, and of the cross-entropy in the losses between student and copy.
   * Default: 0.9 (released code).
   */
  readonly kd?: number;
  /** Weight of the student's loss with the copy. Default: 4 (released code). */
  readonly process?: number;
}

/**
 * DFGKD, an unpublished variant in the repository of SLKD (Liu, Li, Cheng, 2023). An untrained copy
 * p of the teacher learns from the teacher and from the student. The student learns from both.
 * Neither student nor copy is a constant in the KLs between them. L = ce · CE(s) + kd · KL(t ‖ s) +
 * process · kd · (CE(s) + KL(p ‖ s)) + ce · CE(p) + kd · KL(t ‖ p) + kd · (CE(p) + KL(s ‖ p)),
 * every KL times T².
 *
 * The released code also builds regressors between maps and runs a second copy. No loss uses them,
 * so they are absent here.
 */
export function dfgkd(options: DfgkdOptions = {}): Distiller<Scorer, Scorer> {
  const { temperature = 4, ce = 0.1, kd = 0.9, process = 4 } = options;
  return {
    id: "dfgkd",
    options: checkRanges("dfgkd", { temperature, ce, kd, process }, {
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
      process: atLeast(0),
    }),
    build({ create, teacher }) {
      const copy = create.in("self")(teacher.recipe);
      return ({ student, teacher, task, image, live, mask }) => {
        const output = copy.run(image, live);
        const [s, t, p] = [student, teacher, output].map(({ taps }) => taps.logits);
        const divergence = (learner: Tensor, target: Tensor) => kl(learner, target, temperature);
        return {
          task: [ce + process * kd, task(student), "task"],
          teacher: [kd, applyMask(divergence(s, t), mask("logits"))],
          self: [process * kd, applyMask(divergence(s, p), mask("logits"))],
          self_task: [ce + kd, task(output), "task"],
          self_teacher: [kd, divergence(p, t)],
          self_student: [kd, applyMask(divergence(p, s), mask("logits"))],
        };
      };
    },
  };
}
