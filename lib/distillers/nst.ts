import * as tf from "@tensorflow/tfjs";
import type { SpottedDistiller, Term } from "../experiment/distiller.ts";
import { toSmaller } from "../kernels/adaptive_pool.ts";
import type { Net } from "../nn/network.ts";
import { applyMask, gram, unitRows } from "../nn/ops.ts";
import { type TapPair, tapPairs } from "../nn/tap_pairs.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { alsoKd, type AlsoKdOptions } from "./parts/also_kd.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `nst`. */
export interface NstOptions<S extends string, T extends string> extends AlsoKdOptions {
  /**
   * The pairs of maps to compare, the student's first. Default: the maps after the stems, in order
   * (RepDistiller, mdistiller, SAKD).
   */
  readonly taps?: readonly TapPair<S, T>[];
  /** Weight of each pair of maps. Default: 50 (RepDistiller, mdistiller, SAKD). */
  readonly weight?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/**
 * NST: Like What You Like: Knowledge Distill via Neuron Selectivity Transfer. Huang, Wang, 2017.
 * arXiv:1707.01219. L = ce · CE(s, y) + weight · Σ_taps MMD². MMD² is the squared maximum mean
 * discrepancy between the channels of both maps, as unit vectors over positions, with the kernel
 * k(a, b) = (a · b)²: mean k(t, t') − 2 · mean k(s, t) + mean k(s, s') (Eq. 4 and 6). If two maps
 * have different sizes, the larger one is average-pooled first.
 */
export function nst<const S extends string = never, const T extends string = never>(
  options: NstOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">> {
  const { taps, weight = 50, ce = 1, kd = 0, temperature = 4 } = options;
  return {
    id: "nst",
    options: checkRanges("nst", { taps: taps ?? "maps", weight, ce, kd, temperature }, {
      weight: atLeast(0),
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper:
      "Like What You Like: Knowledge Distill via Neuron Selectivity Transfer. Huang, Wang, 2017. arXiv:1707.01219",
    spots: (student, teacher) => tapPairs(student, teacher, taps),
    build({ student, teacher }) {
      const pairs = tapPairs(student, teacher, taps);
      return ({ student, teacher, task, mask }) => ({
        task: [ce, task(student), "task"],
        ...Object.fromEntries(pairs.map(([s, t]): [string, Term] => {
          const [studentMap, teacherMap] = toSmaller(student.taps[s], teacher.taps[t]);
          return [`nst_${s}`, [
            weight,
            applyMask(discrepancy(selectivity(studentMap), selectivity(teacherMap)), mask(s)),
          ]];
        })),
        ...alsoKd({ student, teacher, mask }, { kd, temperature }),
      });
    },
  };
}

/** Each channel of a map as a unit vector over positions: [batch, positions, channels]. */
function selectivity(map: Tensor): Tensor {
  const [batch, height, width, channels] = map.shape;
  return unitRows(tf.reshape(map, [batch, height * width!, channels!]), 2, 1);
}

/** The squared discrepancy between the columns of a and of b, for each sample. */
function discrepancy(a: Tensor, b: Tensor): Tensor {
  const channels = Math.max(a.shape[2]!, b.shape[2]!);
  if (a.shape[1]! > channels) {
    return tf.add(tf.sub(affinity(a, a), tf.mul(affinity(a, b), 2)), affinity(b, b));
  }
  // Σ_cc' (a_c · b_c')² = ⟨a aᵀ, b bᵀ⟩: with fewer positions than channels, the distance between
  // these smaller products is the same.
  const mean = (x: Tensor) => tf.div(gram(x), x.shape[2]!);
  return tf.sum(tf.squaredDifference(mean(a), mean(b)), [1, 2]);
}

/** The mean of the kernel over every column of a with every column of b. */
function affinity(a: Tensor, b: Tensor): Tensor {
  return tf.mean(tf.square(tf.matMul(a, b, true, false)), [1, 2]);
}
