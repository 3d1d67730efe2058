import * as tf from "@tensorflow/tfjs";
import type { SpottedDistiller } from "../experiment/distiller.ts";
import type { Net } from "../nn/network.ts";
import { flatten, gram, selectRelated, unitRows } from "../nn/ops.ts";
import { lastMaps } from "../nn/tap_pairs.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { alsoKd, type AlsoKdOptions } from "./parts/also_kd.ts";
import { above, among, atLeast, checkRanges } from "../values/range.ts";

/** Options of `sp`. */
export interface SpOptions<S extends string, T extends string> extends AlsoKdOptions {
  /** The student's tap. Default: its last map (RepDistiller, mdistiller, SAKD). */
  readonly student?: S;
  /** The teacher's tap. Default: its last map. */
  readonly teacher?: T;
  /**
   * The norm by which each row of similarities is divided. torchdistill has 1. Default: 2 (the
   * paper, RepDistiller).
   */
  readonly rows?: 1 | 2;
  /** Weight of the similarities. Default: 3000 (RepDistiller, mdistiller, SAKD). */
  readonly weight?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/**
 * SP: Similarity-Preserving Knowledge Distillation. Tung, Mori, 2019. arXiv:1907.09682. L = ce ·
 * CE(s, y) + weight · ‖G_t − G_s‖² / B². G is the batch's matrix F Fᵀ of flattened features, with
 * rows of length 1 (Eq. 1–4). At a spot with a mask F has only the chosen samples.
 */
export function sp<const S extends string = never, const T extends string = never>(
  options: SpOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">> {
  const { rows = 2, weight = 3000, ce = 1, kd = 0, temperature = 4 } = options;
  return {
    id: "sp",
    options: checkRanges("sp", {
      student: options.student,
      teacher: options.teacher,
      rows,
      weight,
      ce,
      kd,
      temperature,
    }, {
      rows: among(1, 2),
      weight: atLeast(0),
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper: "Similarity-Preserving Knowledge Distillation. Tung, Mori, 2019. arXiv:1907.09682",
    spots: (student, teacher) => [lastMaps(student, teacher, options)],
    build({ student, teacher }) {
      const [learning, teaching] = lastMaps(student, teacher, options);
      return ({ student, teacher, task, mask }) => {
        const { chosen, pairs, count } = selectRelated(mask(learning), student.taps[learning]);
        const similarities = (x: Tensor) => unitRows(tf.mul(gram(flatten(x)), pairs), rows);
        const difference = tf.sub(
          similarities(teacher.taps[teaching]),
          similarities(student.taps[learning]),
        );
        const loss = tf.div(tf.sum(tf.square(difference)), tf.square(count));
        return {
          task: [ce, task(student), "task"],
          sp: [weight, tf.mul(loss, chosen)],
          ...alsoKd({ student, teacher, mask }, { kd, temperature }),
        };
      };
    },
  };
}
