import * as tf from "@tensorflow/tfjs";
import type { SpottedDistiller, Term } from "../experiment/distiller.ts";
import { toSmaller } from "../kernels/adaptive_pool.ts";
import type { Net } from "../nn/network.ts";
import { masked, mse, safeSqrt } from "../nn/ops.ts";
import { type TapPair, tapPairs } from "../nn/tap_pairs.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { type AlsoKd, alsoKd } from "./parts/also_kd.ts";
import { attentionMap } from "./parts/attention_map.ts";

/** What `at` can be asked for. */
export interface AtOptions<S extends string, T extends string> extends AlsoKd {
  /**
   * The maps that are compared, the student's first; by default those behind the stems, in order
   * (RepDistiller, mdistiller, SAKD).
   */
  readonly taps?: readonly TapPair<S, T>[];
  /**
   * How far two attention maps are apart. `squared`, the default, is the mean square of their
   * difference, as the code of the paper's authors has it (RepDistiller, mdistiller, SAKD, and
   * torchdistill's `code` times the batch); `norm` is the length of their difference, as the
   * paper's Eq. 2 has it (torchdistill's `paper`).
   */
  readonly distance?: "squared" | "norm";
  /** Weight of each pair of maps; 1000 (RepDistiller, mdistiller, SAKD). */
  readonly weight?: number;
  /** Weight of the cross-entropy; 1. */
  readonly ce?: number;
}

/**
 * AT: Paying More Attention to Attention. Zagoruyko, Komodakis, 2017. arXiv:1612.03928. L = ce ·
 * CE(s, y) + weight · Σ_taps mean((Q_s − Q_t)²), Q = q / ‖q‖ of q, the sum of a map's squared
 * channels (Eq. 2, with the square in place of the norm). Of two maps of different sizes the larger
 * is average-pooled first.
 */
export function at<const S extends string = never, const T extends string = never>(
  options: AtOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">> {
  const { taps, distance = "squared", weight = 1000, ce = 1, kd = 0, temperature = 4 } = options;
  const apart = distance === "squared" ? mse : length;
  return {
    id: "at",
    options: { taps: taps ?? "maps", distance, weight, ce, kd, temperature },
    paper: "Paying More Attention to Attention. Zagoruyko, Komodakis, 2017. arXiv:1612.03928",
    spots: (student, teacher) => tapPairs(student, teacher, taps),
    build({ student, teacher }) {
      const pairs = tapPairs(student, teacher, taps);
      return ({ student, teacher, task, mask }) => ({
        task: [ce, task(student), "task"],
        ...Object.fromEntries(pairs.map(([s, t]): [string, Term] => {
          const [ours, theirs] = toSmaller(student.taps[s], teacher.taps[t]);
          return [`at_${s}`, [
            weight,
            masked(apart(attentionMap(ours), attentionMap(theirs)), mask(s)),
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
