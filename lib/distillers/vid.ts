import * as tf from "@tensorflow/tfjs";
import type { SpottedDistiller, Term } from "../experiment/distiller.ts";
import { toSmaller } from "../kernels/adaptive_pool.ts";
import { conv } from "../nn/conv.ts";
import { defaultInitialisers, type Layer, module } from "../nn/layer.ts";
import { relu, seq } from "../nn/layers.ts";
import type { Net } from "../nn/network.ts";
import { applyMask } from "../nn/ops.ts";
import { type TapPair, tapPairs } from "../nn/tap_pairs.ts";
import { constant } from "../nn/variables.ts";
import { alsoKd, type AlsoKdOptions } from "./parts/also_kd.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `vid`. */
export interface VidOptions<S extends string, T extends string> extends AlsoKdOptions {
  /**
   * The pairs of maps to compare, the student's first. Default: the maps after the stems, in order
   * (RepDistiller, mdistiller, SAKD).
   */
  readonly taps?: readonly TapPair<S, T>[];
  /** The initial variance of each channel. Default: 5 (RepDistiller, mdistiller, SAKD). */
  readonly variance?: number;
  /**
   * Whether the variances learn. In mdistiller they never do. Default: `true` (the paper,
   * RepDistiller, SAKD).
   */
  readonly learned?: boolean;
  /** Weight of each pair of maps. Default: 1 (RepDistiller, mdistiller, SAKD). */
  readonly weight?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/**
 * VID: Variational Information Distillation for Knowledge Transfer. Ahn et al., 2019.
 * arXiv:1904.05835. L = ce · CE(s, y) + weight · Σ_taps mean(½ · ((μ(s) − t)² / σ² + log σ²)). μ is
 * three learned 1×1 convolutions, σ² one learned number per channel (Eq. 5 and 6). If two maps have
 * different sizes, the larger one is average-pooled first.
 */
export function vid<const S extends string = never, const T extends string = never>(
  options: VidOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">> {
  const { taps, variance = 5, learned = true, weight = 1, ce = 1, kd = 0, temperature = 4 } =
    options;
  return {
    id: "vid",
    options: checkRanges("vid", {
      taps: taps ?? "maps",
      variance,
      learned,
      weight,
      ce,
      kd,
      temperature,
    }, {
      variance: above(FLOOR),
      weight: atLeast(0),
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper:
      "Variational Information Distillation for Knowledge Transfer. Ahn et al., 2019. arXiv:1904.05835",
    spots: (student, teacher) => tapPairs(student, teacher, taps),
    build({ create, student, teacher }) {
      const pairs = tapPairs(student, teacher, taps).map(([s, t]) => {
        const from = student.shapes[s];
        const channels = teacher.shapes[t].at(-1)!;
        const mean = create.in(`mean_${s}`)(regressor(channels), from);
        const spread = learned && create.in(`variance_${s}`)(variances(channels, variance), from);
        return { s, t, mean, spread };
      });
      return ({ student, teacher, task, live, mask }) => ({
        task: [ce, task(student), "task"],
        ...Object.fromEntries(pairs.map(({ s, t, mean, spread }): [string, Term] => {
          const [studentMap, teacherMap] = toSmaller(student.taps[s], teacher.taps[t]);
          const square = spread ? spread(studentMap, live) : tf.scalar(variance);
          const error = tf.div(tf.squaredDifference(mean(studentMap, live), teacherMap), square);
          const values = tf.mul(tf.add(tf.mean(error, [1, 2, 3]), tf.mean(tf.log(square))), 0.5);
          return [`vid_${s}`, [weight, applyMask(values, mask(s))]];
        })),
        ...alsoKd({ student, teacher, mask }, { kd, temperature }),
      });
    },
  };
}

/** Three 1×1 convolutions to `channels` with ReLUs between them. */
function regressor(channels: number): Layer {
  return (create, input) => {
    const pointwise = (inputs: number) =>
      conv(channels, { kernel: 1, ...defaultInitialisers(inputs) });
    const layers = seq(
      pointwise(input[2]),
      relu(),
      pointwise(channels),
      relu(),
      pointwise(channels),
    );
    return layers(create, input);
  };
}

/** Minimum variance. */
const FLOOR = 1e-5;

/**
 * A learned variance for each channel, [channels], whatever the input: log(1 + eˣ) of a variable.
 */
function variances(channels: number, initial: number): Layer {
  return (create) => {
    const above = initial - FLOOR;
    const start = above + Math.log(-Math.expm1(-above));
    const scale = create.variable("log_scale", [channels], constant(start));
    return module((_, pass) => tf.add(tf.softplus(pass.read(scale)), FLOOR), [channels]);
  };
}
