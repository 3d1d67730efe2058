import type { Distiller, SeveralTeachers, Terms } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { applyMask, kl } from "../nn/ops.ts";
import { fuseLogits } from "./parts/fuse_logits.ts";
import type { SlkdOptions } from "./slkd.ts";
import { above, atLeast, between, checkRanges } from "../values/range.ts";

/** Options of `slkdSequential`: those of `slkd` for the student's loss, with the same defaults. */
export type SlkdSequentialOptions = Pick<
  SlkdOptions,
  "temperature" | "ce" | "teacher" | "selfTeacher" | "fusion"
>;

/**
 * SLKD*, sequential training: Improving Knowledge Distillation via Transferring Learning Ability.
 * Liu, Li, Cheng, 2023. arXiv:2304.11923, section 4.3, tables 8 and 9. The self-learning teachers
 * are trained first. Then the student learns from the teacher t and from their fused logits p, as
 * in `slkd` (Eq. 1, 3, 4, 7): L_S = β₁ · (a · CE(s) + (1 − a) · KL(t ‖ s)) + β₂ · (a · CE(s) + (1 −
 * a) · KL(p ‖ s)), every KL times T².
 *
 * The teacher comes first, followed by one or more self-learning teachers. Each of these is an
 * experiment of its own: an untrained network of the teacher's architecture that learns from it by
 * Eq. 2, which is `kd` with the same a and T. Further seeds of that experiment are further ones:
 *
 * ```ts
 * import { ensemble, experiment, from, kd, scratch, sgd, slkdSequential } from "@retort/retort";
 * import { vgg13, vgg8 } from "@retort/retort";
 * import { cifar100 } from "@retort/retort/datasets";
 *
 * const shared = { dataset: cifar100(), schedule: sgd({ epochs: 240, batch: 64, lr: 0.05 }) };
 * export const teacher = experiment(import.meta, {
 *   ...shared,
 *   student: vgg13,
 *   distiller: scratch(),
 * });
 * export const self = experiment(import.meta, {
 *   ...shared,
 *   teacher: from(teacher),
 *   student: vgg13,
 *   distiller: kd(),
 * });
 * export const student = experiment(import.meta, {
 *   ...shared,
 *   teacher: ensemble(from(teacher), from(self), from(self, { seed: 2 })),
 *   student: vgg8,
 *   distiller: slkdSequential(),
 * });
 * ```
 *
 * There is no released code. _Our reading_: two self-learning teachers, as in tables 1 and 2, after
 * their last epoch. Only the time at which they learn differs from `slkd`.
 */
export function slkdSequential(
  options: SlkdSequentialOptions = {},
): Distiller<Scorer, SeveralTeachers> {
  const { temperature = 4, ce = 0.1, teacher: beta1 = 1, selfTeacher: beta2 = 1, fusion } = options;
  return {
    id: "slkd_sequential",
    options: checkRanges("slkdSequential", {
      temperature,
      ce,
      teacher: beta1,
      selfTeacher: beta2,
      fusion,
    }, {
      temperature: above(0),
      ce: between(),
      teacher: atLeast(0),
      selfTeacher: atLeast(0),
      fusion: between(),
    }),
    paper:
      "Improving Knowledge Distillation via Transferring Learning Ability. Liu, Li, Cheng, 2023. arXiv:2304.11923",
    build({ teacher: { length } }) {
      const fuse = fuseLogits("slkdSequential", length - 1, fusion);
      return ({ student, teacher: [teacher, ...selves], task, mask }): Terms => {
        const targets = [[beta1, teacher.taps.logits], [
          beta2,
          fuse(selves.map(({ taps }) => taps.logits)),
        ]] as const;
        const [fromTeacher, fromSelves] = targets.map(([weight, target]) =>
          [
            weight * (1 - ce),
            applyMask(kl(student.taps.logits, target, temperature), mask("logits")),
          ] as const
        );
        return {
          task: [(beta1 + beta2) * ce, task(student), "task"],
          ...(beta1 !== 0 && { teacher: fromTeacher }),
          ...(beta2 !== 0 && { self: fromSelves }),
        };
      };
    },
  };
}
