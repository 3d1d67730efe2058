import type { Distiller } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { kl, masked } from "../nn/ops.ts";
import type { Tensor } from "../kernels/tensor.ts";

/** What `dfgkd` can be asked for. */
export interface DfgkdOptions {
  /** T; 4 (released code, which reads SLKD's T; its own entry, 10, is read by nobody). */
  readonly temperature?: number;
  /** a, the weight of the cross-entropy against what the teacher teaches; 0.1 (released code). */
  readonly ce?: number;
  /**
   * Weight of every KL and of the cross-entropy beside those between student and copy; 0.9
   * (released code).
   */
  readonly kd?: number;
  /** Weight of what the student learns from the copy; 4 (released code). */
  readonly process?: number;
}

/**
 * DFGKD, an unpublished variant in the repository of SLKD (Liu, Li, Cheng, 2023): one untrained
 * copy p of the teacher learns from it and from the student, which learns from both; neither is a
 * constant to the other. L = ce · CE(s) + kd · KL(t ‖ s) + process · kd · (CE(s) + KL(p ‖ s)) + ce
 * · CE(p) + kd · KL(t ‖ p) + kd · (CE(p) + KL(s ‖ p)), every KL times T².
 *
 * The released code also makes regressors between maps and runs a second copy, of which no loss
 * makes use: not here.
 */
export function dfgkd(options: DfgkdOptions = {}): Distiller<Scorer, Scorer> {
  const { temperature = 4, ce = 0.1, kd = 0.9, process = 4 } = options;
  return {
    id: "dfgkd",
    options: { temperature, ce, kd, process },
    build({ create, teacher }) {
      const learner = create.in("self")(teacher.recipe);
      return ({ student, teacher, task, image, live, mask }) => {
        const output = learner.run(image, live);
        const [s, t, p] = [student, teacher, output].map(({ taps }) => taps.logits);
        const towards = (learning: Tensor, target: Tensor) => kl(learning, target, temperature);
        return {
          task: [ce + process * kd, task(student), "task"],
          teacher: [kd, masked(towards(s, t), mask("logits"))],
          self: [process * kd, masked(towards(s, p), mask("logits"))],
          self_task: [ce + kd, task(output), "task"],
          self_teacher: [kd, towards(p, t)],
          self_student: [kd, masked(towards(p, s), mask("logits"))],
        };
      };
    },
  };
}
