import type { Distiller, LossWithMemory, Terms } from "../experiment/distiller.ts";
import { logitsOutput, type Scorer } from "../nn/network.ts";
import { applyMask, kl, stopGradient } from "../nn/ops.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { fuseLogits } from "./parts/fuse_logits.ts";
import { above, atLeast, between, checkRanges, whole } from "../values/range.ts";

/** Options of `slkd`. */
export interface SlkdOptions {
  /** T. Default: 4, the paper's on CIFAR; it has 1 on ImageNet (tables 10 and 11). */
  readonly temperature?: number;
  /**
   * a, the weight of the cross-entropy against the KL. Default: 0.1, the paper's on CIFAR; it has
   * 0.5 on ImageNet (tables 10 and 11).
   */
  readonly ce?: number;
  /**
   * β₁ of Eq. 4, the weight of learning from the teacher. With 0 only the self-learning teachers
   * teach (table 7). Default: 1 (our choice: the paper's text has lost its value).
   */
  readonly teacher?: number;
  /**
   * β₂ of Eq. 4, the weight of learning from the self-learning teachers. The paper's text has lost
   * its value. Default: 1 (released code).
   */
  readonly selfTeacher?: number;
  /** Number of self-learning teachers, 1 or more. Default: 2 (Eq. 5 and 6). */
  readonly copies?: number;
  /**
   * The first one's share of the fused logits of two (Eq. 7). The paper's text has lost its value.
   * For any other number all have the same share. Default: ½ (released code).
   */
  readonly fusion?: number;
  /**
   * Whether to follow the released code rather than the paper's text: the self-learning teachers'
   * term is 1 · CE + 1 · KL, and `joint` is `true` by default. Default: `false`.
   */
  readonly released?: boolean;
  /**
   * Whether the gradient of the student's loss against the self-learning teachers reaches these,
   * too, and moves them towards the student. Default: the value of `released`.
   */
  readonly joint?: boolean;
}

/** The weights of SLKD's terms in its loss. */
export interface SlkdWeights {
  readonly task: number;
  /** Of KL(teacher ‖ student). */
  readonly teacher: number;
  /** Of KL(self-learning teachers ‖ student). */
  readonly self: number;
  /** Of the cross-entropy of each self-learning teacher. */
  readonly selfTask: number;
  /** Of KL(teacher ‖ self-learning teacher), for each. */
  readonly selfToTeacher: number;
}

/** The weights of SLKD's terms with these options. */
export function slkdWeights(
  { ce, teacher, selfTeacher, released }: Required<
    Pick<SlkdOptions, "ce" | "teacher" | "selfTeacher" | "released">
  >,
): SlkdWeights {
  const self = released ? { ce: 1, kl: 1 } : { ce, kl: 1 - ce };
  return {
    task: teacher * ce + selfTeacher * self.ce,
    teacher: teacher * (1 - ce),
    self: selfTeacher * self.kl,
    selfTask: ce,
    selfToTeacher: 1 - ce,
  };
}

/**
 * SLKD: Improving Knowledge Distillation via Transferring Learning Ability. Liu, Li, Cheng, 2023.
 * arXiv:2304.11923. Untrained copies p₁, p₂ of the teacher learn from it while the student learns
 * from it and from their fusion p = fusion · p₁ + (1 − fusion) · p₂: L_S = β₁ · (a · CE(s) + (1 −
 * a) · KL(t ‖ s)) + β₂ · (a · CE(s) + (1 − a) · KL(p ‖ s)), p a constant (Eq. 1, 3, 4, 7); L_Pᵢ = a
 * · CE(pᵢ) + (1 − a) · KL(t ‖ pᵢ) (Eq. 2, 5, 6), every KL times T².
 *
 * The available text has lost its formulas. _Our reading_ of the prose: p is a constant, since the
 * copies learn "from the teacher". The "outputs" that learning trajectory enhancement (section 3.3)
 * fuses are the logits, as in the released code. That enhancement is only the fusion: the copies do
 * not interact, and "identical" means one architecture with different initial values. Table 7 has
 * one copy, because its rows are below those of tables 1 and 2.
 *
 * The log has the task's measures of each copy and of their fusion on the training images, as for
 * the student: `train/report/self1_top1`, `train/report/self_top1`, from 0 to 1.
 *
 * @example
 * ```ts
 * import { experiment, from, scratch, sgd, slkd, vgg13, vgg8 } from "@retort/retort";
 * import { cifar100 } from "@retort/retort/datasets";
 *
 * const shared = { dataset: cifar100(), schedule: sgd({ epochs: 240, batch: 64, lr: 0.05 }) };
 * export const teacher = experiment(import.meta, {
 *   ...shared,
 *   student: vgg13,
 *   distiller: scratch(),
 * });
 * export const student = experiment(import.meta, {
 *   ...shared,
 *   teacher: from(teacher),
 *   student: vgg8,
 *   distiller: slkd({ copies: 2, fusion: 0.5 }),
 * });
 * ```
 */
export function slkd(options: SlkdOptions = {}): Distiller<Scorer, Scorer> {
  const { temperature = 4, ce = 0.1, teacher: beta1 = 1, selfTeacher: beta2 = 1 } = options;
  const {
    copies = 2,
    fusion = copies === 2 ? 0.5 : undefined,
    released = false,
    joint = released,
  } = options;
  const declared = checkRanges("slkd", {
    temperature,
    ce,
    teacher: beta1,
    selfTeacher: beta2,
    copies,
    fusion,
    released,
    joint: joint === released ? undefined : joint,
  }, {
    temperature: above(0),
    ce: between(),
    teacher: atLeast(0),
    selfTeacher: atLeast(0),
    copies: whole(),
    fusion: between(),
  });
  const fuse = fuseLogits("slkd", copies, fusion);
  const weights = slkdWeights({ ce, teacher: beta1, selfTeacher: beta2, released });
  return {
    id: "slkd",
    options: declared,
    paper:
      "Improving Knowledge Distillation via Transferring Learning Ability. Liu, Li, Cheng, 2023. arXiv:2304.11923",
    build({ create, teacher }) {
      const learners = Array.from(
        { length: copies },
        (_, i) => create.in(`self${i + 1}`)(teacher.recipe),
      );
      return ({ student, teacher, task, measure, image, live, mask }): LossWithMemory => {
        const outputs = learners.map((learner) => learner.run(image, live));
        const p = fuse(outputs.map(({ taps }) => taps.logits));
        const divergence = (target: Tensor) =>
          applyMask(kl(student.taps.logits, target, temperature), mask("logits"));
        const copyTerms = outputs.map((output, i): Terms => ({
          [`self${i + 1}_task`]: [weights.selfTask, task(output), "task"],
          [`self${i + 1}_teacher`]: [
            weights.selfToTeacher,
            kl(output.taps.logits, teacher.taps.logits, temperature),
          ],
        }));
        const terms: Terms = {
          task: [weights.task, task(student), "task"],
          ...(beta1 !== 0 && { teacher: [weights.teacher, divergence(teacher.taps.logits)] }),
          ...(beta2 !== 0 && { self: [weights.self, divergence(joint ? p : stopGradient(p))] }),
          ...Object.assign({}, ...copyTerms),
        };
        const measured = [
          ["self", logitsOutput(p)] as const,
          ...outputs.map((output, i) => [`self${i + 1}`, output] as const),
        ];
        const reports = measured.flatMap(([name, output]) =>
          Object.entries(measure(output)).map(([one, values]) => [`${name}_${one}`, values])
        );
        return { terms, writes: [], reports: Object.fromEntries(reports) };
      };
    },
  };
}
