import * as tf from "@tensorflow/tfjs";
import type { SpottedDistiller, Term } from "../experiment/distiller.ts";
import { toSmaller } from "../kernels/adaptive_pool.ts";
import type { Net } from "../nn/network.ts";
import { applyMask, mse, safeSqrt } from "../nn/ops.ts";
import { type TapPair, tapPairs } from "../nn/tap_pairs.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { alsoKd, type AlsoKdOptions } from "./parts/also_kd.ts";
import { attentionMap } from "./parts/attention_map.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `at`. */
export interface AtOptions<S extends string, T extends string> extends AlsoKdOptions {
  /**
   * Pairs of maps to compare, the student's first. Default: the maps after the stems, in order
   * (RepDistiller, mdistiller, SAKD).
   */
  readonly taps?: readonly TapPair<S, T>[];
  /**
   * Distance between two attention maps. `squared`: the mean square of their difference, as in the
   * authors' code (RepDistiller, mdistiller, SAKD, and torchdistill's `code` times the batch).
   * `norm`: the length of their difference, as in the paper's Eq. 2 (torchdistill's `paper`).
   * Default: `squared`.
   */
  readonly distance?: "squared" | "norm";
  /** Weight of each pair of maps. Default: 1000 (RepDistiller, mdistiller, SAKD). */
  readonly weight?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/**
 * AT: Paying More Attention to Attention. Zagoruyko, Komodakis, 2017. arXiv:1612.03928. L = ce ·
 * CE(s, y) + weight · Σ_taps mean((Q_s − Q_t)²), with Q = q / ‖q‖ and q the sum of a map's squared
 * channels (Eq. 2, with the square in place of the norm). If two maps differ in size, the larger is
 * average-pooled first.
 */
export function at<const S extends string = never, const T extends string = never>(
  options: AtOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">> {
  const { taps, distance = "squared", weight = 1000, ce = 1, kd = 0, temperature = 4 } = options;
  const measure = distance === "squared" ? mse : length;
  return {
    id: "at",
    options: checkRanges("at", { taps: taps ?? "maps", distance, weight, ce, kd, temperature }, {
      weight: atLeast(0),
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper: "Paying More Attention to Attention. Zagoruyko, Komodakis, 2017. arXiv:1612.03928",
    spots: (student, teacher) => tapPairs(student, teacher, taps),
    build({ student, teacher }) {
      const pairs = tapPairs(student, teacher, taps);
      return ({ student, teacher, task, mask }) => ({
        task: [ce, task(student), "task"],
        ...Object.fromEntries(pairs.map(([s, t]): [string, Term] => {
          const [studentMap, teacherMap] = toSmaller(student.taps[s], teacher.taps[t]);
          return [`at_${s}`, [
            weight,
            applyMask(measure(attentionMap(studentMap), attentionMap(teacherMap)), mask(s)),
          ]];
        })),
        ...alsoKd({ student, teacher, mask }, { kd, temperature }),
      });
    },
  };
}

function length(a: Tensor, b: Tensor): Tensor {
  return safeSqrt(tf.sum(tf.squaredDifference(a, b), -1));
}
