import * as tf from "@tensorflow/tfjs";
import type { Distiller, Terms } from "../distiller.ts";
import { Failure } from "../failure.ts";
import type { Scorer } from "../network.ts";
import { kl, masked, stop } from "../ops.ts";

/** What `slkd` can be asked for. */
export interface SlkdOptions {
  /** T; 4 on CIFAR (paper, section 4.1). */
  readonly temperature?: number;
  /** a, the weight of the cross-entropy against the KL; 0.1 on CIFAR (paper, section 4.1). */
  readonly ce?: number;
  /** β₁ of Eq. 4, the weight of what the teacher teaches; the paper's value is lost in its text, 1 here. */
  readonly teacher?: number;
  /** β₂ of Eq. 4, the weight of what the self-learning teachers teach; lost likewise, 1 here and in the released code. */
  readonly selfTeacher?: number;
  /** Self-learning teachers; 2 (Eq. 5 and 6). */
  readonly copies?: 1 | 2;
  /** The first one's share of their fused logits (Eq. 7); lost likewise, ½ here and in the released code. */
  readonly fusion?: number;
  /**
   * As the released code has it rather than the paper's text: the self-learning teachers' term is 1 · CE + 1 · KL, and
   * its gradient reaches them too, so that they are drawn towards the student. Off by default.
   */
  readonly released?: boolean;
}

/**
 * SLKD: Improving Knowledge Distillation via Transferring Learning Ability. Liu, Li, Cheng, 2023. arXiv:2304.11923.
 * Untrained copies p₁, p₂ of the teacher learn from it while the student learns from it and from their fusion
 * p = fusion · p₁ + (1 − fusion) · p₂:
 * L_S = β₁ · (a · CE(s) + (1 − a) · KL(t ‖ s)) + β₂ · (a · CE(s) + (1 − a) · KL(p ‖ s)), p a constant (Eq. 1, 3, 4, 7);
 * L_Pᵢ = a · CE(pᵢ) + (1 − a) · KL(t ‖ pᵢ) (Eq. 2, 5, 6), every KL times T².
 */
export function slkd(options: SlkdOptions = {}): Distiller<Scorer, Scorer> {
  const { temperature = 4, ce = 0.1, teacher: beta1 = 1, selfTeacher: beta2 = 1 } = options;
  const { copies = 2, fusion = 0.5, released = false } = options;
  if (!(fusion >= 0 && fusion <= 1)) throw new Failure(2, `slkd: fusion is a share, 0 to 1, not ${fusion}`);
  const own = released ? { ce: 1, kl: 1 } : { ce, kl: 1 - ce };
  return {
    id: "slkd",
    options: { temperature, ce, teacher: beta1, selfTeacher: beta2, copies, fusion, released },
    paper: "Improving Knowledge Distillation via Transferring Learning Ability. Liu, Li, Cheng, 2023. arXiv:2304.11923",
    build({ create, teacher }) {
      const learners = Array.from({ length: copies }, (_, i) => create.in(`self${i + 1}`)(teacher.recipe));
      return ({ student, teacher, task, image, live, mask }) => {
        const outputs = learners.map((learner) => learner.run(image, live));
        const [p1, p2 = p1] = outputs.map(({ taps }) => taps.logits);
        const p = copies === 1 ? p1 : tf.add(tf.mul(p1, fusion), tf.mul(p2, 1 - fusion));
        const towards = (target: tf.Tensor) => masked(kl(student.taps.logits, target, temperature), mask("logits"));
        const learning = outputs.map((output, i): Terms => ({
          [`self${i + 1}_task`]: [ce, task(output)],
          [`self${i + 1}_teacher`]: [1 - ce, kl(output.taps.logits, teacher.taps.logits, temperature)],
        }));
        return {
          task: [beta1 * ce + beta2 * own.ce, task(student)],
          teacher: [beta1 * (1 - ce), towards(teacher.taps.logits)],
          self: [beta2 * own.kl, towards(released ? p : stop(p))],
          ...Object.assign({}, ...learning),
        };
      };
    },
  };
}
