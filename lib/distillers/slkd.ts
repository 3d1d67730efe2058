import type { Distiller, Terms } from "../experiment/distiller.ts";
import { Failure } from "../values/failure.ts";
import type { Scorer } from "../nn/network.ts";
import { kl, masked, stop } from "../nn/ops.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { fusing } from "./parts/fusing.ts";

/** What `slkd` can be asked for. */
export interface SlkdOptions {
  /** T; 4 on CIFAR, 1 on ImageNet (paper, tables 10 and 11). */
  readonly temperature?: number;
  /**
   * a, the weight of the cross-entropy against the KL; 0.1 on CIFAR, 0.5 on ImageNet (paper, tables
   * 10 and 11).
   */
  readonly ce?: number;
  /**
   * β₁ of Eq. 4, the weight of what the teacher teaches; the paper's value is lost in its text, 1
   * here. 0: the self-learning teachers alone teach (table 7).
   */
  readonly teacher?: number;
  /**
   * β₂ of Eq. 4, the weight of what the self-learning teachers teach; lost likewise, 1 here and in
   * the released code.
   */
  readonly selfTeacher?: number;
  /** Self-learning teachers, 1 or more; 2 (Eq. 5 and 6). */
  readonly copies?: number;
  /**
   * The first one's share of the fused logits of two (Eq. 7); lost likewise, ½ here and in the
   * released code. Of any other number all have the same share.
   */
  readonly fusion?: number;
  /**
   * As the released code has it rather than the paper's text: the self-learning teachers' term is 1
   * · CE + 1 · KL, and `joint` is on unless it is said to be off. Off by default.
   */
  readonly released?: boolean;
  /**
   * Whether the gradient of what the student learns from the self-learning teachers reaches them
   * too, so that they are drawn towards the student; as `released`.
   */
  readonly joint?: boolean;
}

/**
 * SLKD: Improving Knowledge Distillation via Transferring Learning Ability. Liu, Li, Cheng, 2023.
 * arXiv:2304.11923. Untrained copies p₁, p₂ of the teacher learn from it while the student learns
 * from it and from their fusion p = fusion · p₁ + (1 − fusion) · p₂: L_S = β₁ · (a · CE(s) + (1 −
 * a) · KL(t ‖ s)) + β₂ · (a · CE(s) + (1 − a) · KL(p ‖ s)), p a constant (Eq. 1, 3, 4, 7); L_Pᵢ = a
 * · CE(pᵢ) + (1 − a) · KL(t ‖ pᵢ) (Eq. 2, 5, 6), every KL times T².
 *
 * The text at hand has lost its formulas. _Our reading_ of the prose: p is a constant, since the
 * copies learn "from the teacher"; the "outputs" that learning trajectory enhancement (section 3.3)
 * fuses are the logits, as in the released code; it is that fusion alone, the copies know nothing
 * of each other, and "identical" means one architecture, each with initial values of its own; table
 * 7 has one copy, its rows being below those of tables 1 and 2.
 */
export function slkd(options: SlkdOptions = {}): Distiller<Scorer, Scorer> {
  const { temperature = 4, ce = 0.1, teacher: beta1 = 1, selfTeacher: beta2 = 1 } = options;
  const {
    copies = 2,
    fusion = copies === 2 ? 0.5 : undefined,
    released = false,
    joint = released,
  } = options;
  if (!Number.isInteger(copies) || copies < 1) {
    throw new Failure(
      2,
      `slkd: copies is a whole number from 1, not ${copies}; kd is without self-learning teachers`,
    );
  }
  const fused = fusing("slkd", copies, fusion);
  const own = released ? { ce: 1, kl: 1 } : { ce, kl: 1 - ce };
  return {
    id: "slkd",
    options: {
      temperature,
      ce,
      teacher: beta1,
      selfTeacher: beta2,
      copies,
      fusion,
      released,
      joint: joint === released ? undefined : joint,
    },
    paper:
      "Improving Knowledge Distillation via Transferring Learning Ability. Liu, Li, Cheng, 2023. arXiv:2304.11923",
    build({ create, teacher }) {
      const learners = Array.from(
        { length: copies },
        (_, i) => create.in(`self${i + 1}`)(teacher.recipe),
      );
      return ({ student, teacher, task, image, live, mask }): Terms => {
        const outputs = learners.map((learner) => learner.run(image, live));
        const p = fused(outputs.map(({ taps }) => taps.logits));
        const towards = (target: Tensor) =>
          masked(kl(student.taps.logits, target, temperature), mask("logits"));
        const learning = outputs.map((output, i): Terms => ({
          [`self${i + 1}_task`]: [ce, task(output), "task"],
          [`self${i + 1}_teacher`]: [
            1 - ce,
            kl(output.taps.logits, teacher.taps.logits, temperature),
          ],
        }));
        return {
          task: [beta1 * ce + beta2 * own.ce, task(student), "task"],
          ...(beta1 !== 0 && { teacher: [beta1 * (1 - ce), towards(teacher.taps.logits)] }),
          ...(beta2 !== 0 && { self: [beta2 * own.kl, towards(joint ? p : stop(p))] }),
          ...Object.assign({}, ...learning),
        };
      };
    },
  };
}
