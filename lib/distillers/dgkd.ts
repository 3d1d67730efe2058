import * as tf from "@tensorflow/tfjs";
import { type Distiller, numberTerms, type Term } from "../experiment/distiller.ts";
import { Failure } from "../values/failure.ts";
import type { Random } from "../kernels/random_uniform.ts";
import type { Scorer } from "../nn/network.ts";
import { kl, masked } from "../nn/ops.ts";
import type { Tensor } from "../kernels/tensor.ts";

/** What `dgkd` can be asked for. */
export interface DgkdOptions {
  /** T; 5 (released code). */
  readonly temperature?: number;
  /**
   * λ, the weight of each KL, 1 − λ being that of the cross-entropy; 1 (released code: nothing is
   * learned from labels).
   */
  readonly kd?: number;
  /** How many of the teachers, chosen at random, are left out of each step; 1 (released code). */
  readonly drop?: number;
  /** Whether all logits are standardised first (Sun et al., 2024); no. */
  readonly standardised?: boolean;
}

/**
 * DGKD: Densely Guided Knowledge Distillation using Multiple Teacher Assistants. Son et al., 2021.
 * arXiv:2009.08825. L = (1 − λ) · CE(s, y) + λ · Σ over the teachers kept in this step of T² ·
 * KL(softmax(tᵢ / T) ‖ softmax(s / T)) / classes: the released code takes the KL's mean over the
 * classes too.
 *
 * The teacher and its assistants teach together; each assistant is an experiment of its own, taught
 * by all before it:
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
): Distiller<Scorer, readonly [Scorer, Scorer, ...Scorer[]]> {
  const { temperature = 5, kd = 1, drop = 1, standardised } = options;
  return {
    id: "dgkd",
    options: { temperature, kd, drop, standardised },
    paper:
      "Densely Guided Knowledge Distillation using Multiple Teacher Assistants. Son et al., 2021. arXiv:2009.08825",
    build({ teacher: { length }, dataset: { classes } }) {
      if (!Number.isInteger(drop) || drop < 0 || drop >= length) {
        throw new Failure(
          2,
          `dgkd: drop is a whole number from 0 to ${length - 1} of ${length} teachers, not ${drop}`,
        );
      }
      return ({ student, teacher, task, random, mask }) => {
        const weights = drop === 0 ? undefined : kept(random, length, drop);
        const learned = teacher.map(({ taps: { logits } }, i): Term => {
          const divergence = tf.div(
            kl(student.taps.logits, logits, temperature, { standardised }),
            classes,
          );
          return [weights ? tf.mul(weights[i], kd) : kd, masked(divergence, mask("logits"))];
        });
        return { task: [1 - kd, task(student), "task"], ...numberTerms("teacher", learned) };
      };
    },
  };
}

/** 0 for each of the `drop` that a random order puts first, 1 for the others: `count` scalars. */
function kept(random: Random, count: number, drop: number): Tensor[] {
  const drawn = random.uniform([count]);
  const before = tf.sum(
    tf.cast(tf.less(tf.expandDims(drawn, 0), tf.expandDims(drawn, 1)), "float32"),
    1,
  );
  return tf.unstack(tf.cast(tf.greaterEqual(before, drop), "float32"));
}
