import * as tf from "@tensorflow/tfjs";
import {
  type Distiller,
  numberTerms,
  type SeveralTeachers,
  type Term,
} from "../experiment/distiller.ts";
import { Failure } from "../values/failure.ts";
import type { Random } from "../kernels/random_uniform.ts";
import type { Scorer } from "../nn/network.ts";
import { applyMask, kl } from "../nn/ops.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { above, between, checkRanges, whole } from "../values/range.ts";

/** Options of `dgkd`. */
export interface DgkdOptions {
  /** T. Default: 5 (released code). */
  readonly temperature?: number;
  /**
   * λ, the weight of each KL; that of the cross-entropy is 1 − λ. Default: 1 (released code: the
   * student learns nothing from labels).
   */
  readonly kd?: number;
  /**
   * Number of teachers, chosen at random, that each step leaves out. Default: 1 (released code).
   */
  readonly drop?: number;
  /** Whether all logits are standardised first (Sun et al., 2024). Default: false. */
  readonly standardised?: boolean;
}

/**
 * DGKD: Densely Guided Knowledge Distillation using Multiple Teacher Assistants. Son et al., 2021.
 * arXiv:2009.08825. L = (1 − λ) · CE(s, y) + λ · Σ over the teachers kept in this step of T² ·
 * KL(softmax(tᵢ / T) ‖ softmax(s / T)) / classes. The released code also averages the KL over the
 * classes, hence the division.
 *
 * The teacher and its assistants teach together. Each assistant is an experiment of its own, with
 * all models before it as teachers:
 *
 * ```ts ignore
 * // first.ts
 * export default experiment(import.meta, { ...shared, teacher: from(resnet110), student: resnet56, distiller: takd() });
 * // second.ts
 * export default experiment(import.meta, {
 *   ...shared, teacher: ensemble(from(resnet110), from(first)), student: resnet32, distiller: dgkd(),
 * });
 * // student.ts
 * export default experiment(import.meta, {
 *   ...shared, teacher: ensemble(from(resnet110), from(first), from(second)), student: resnet20, distiller: dgkd(),
 * });
 * ```
 */
export function dgkd(
  options: DgkdOptions = {},
): Distiller<Scorer, SeveralTeachers> {
  const { temperature = 5, kd = 1, drop = 1, standardised } = options;
  return {
    id: "dgkd",
    options: checkRanges("dgkd", { temperature, kd, drop, standardised }, {
      temperature: above(0),
      kd: between(),
      drop: whole(0),
    }),
    paper:
      "Densely Guided Knowledge Distillation using Multiple Teacher Assistants. Son et al., 2021. arXiv:2009.08825",
    build({ teacher: { length }, dataset: { classes } }) {
      if (drop >= length) {
        throw new Failure(
          2,
          `dgkd: drop is a whole number from 0 to ${length - 1} of ${length} teachers, not ${drop}`,
        );
      }
      return ({ student, teacher, task, random, mask }) => {
        const weights = drop === 0 ? undefined : keepAtRandom(random, length, drop);
        const teacherTerms = teacher.map(({ taps: { logits } }, i): Term => {
          const divergence = tf.div(
            kl(student.taps.logits, logits, temperature, { standardised }),
            classes,
          );
          return [weights ? tf.mul(weights[i], kd) : kd, applyMask(divergence, mask("logits"))];
        });
        return { task: [1 - kd, task(student), "task"], ...numberTerms("teacher", teacherTerms) };
      };
    },
  };
}

/** `count` scalars: 0 for the first `drop` of a random order, 1 for the others. */
function keepAtRandom(random: Random, count: number, drop: number): Tensor[] {
  const draws = random.uniform([count]);
  const ranks = tf.sum(
    tf.cast(tf.less(tf.expandDims(draws, 0), tf.expandDims(draws, 1)), "float32"),
    1,
  );
  return tf.unstack(tf.cast(tf.greaterEqual(ranks, drop), "float32"));
}
