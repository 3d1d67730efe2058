import * as tf from "@tensorflow/tfjs";
import type { SpottedDistiller, Term } from "../experiment/distiller.ts";
import { adaptivePool } from "../kernels/adaptive_pool.ts";
import { reluOp } from "../kernels/relu.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { convNorm } from "../nn/conv.ts";
import { type Convolutional, logitsOutput, type Net } from "../nn/network.ts";
import { applyMask, stopGradient } from "../nn/ops.ts";
import { passAmong } from "../nn/pass.ts";
import { type TapPair, tapPairs } from "../nn/tap_pairs.ts";
import { alsoKd, type AlsoKdOptions } from "./parts/also_kd.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `ofd`. */
export interface OfdOptions<S extends string, T extends string> extends AlsoKdOptions {
  /**
   * The pairs of maps to compare, the student's first. Default: the maps after the stems, paired
   * from the last (mdistiller).
   */
  readonly taps?: readonly TapPair<S, T>[];
  /**
   * Whether the teacher uses batch statistics and its running ones drift, as in mdistiller and the
   * authors' code, which leave it in training mode. A copy of the teacher then teaches, and the
   * teacher itself does not change. Default: `false`.
   */
  readonly released?: boolean;
  /**
   * Weight of the last pair of maps. Each pair before has half the weight of the next. Default:
   * 0.001 (the authors' and mdistiller's CIFAR; their ImageNet has 0.0001).
   */
  readonly weight?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/**
 * OFD: A Comprehensive Overhaul of Feature Distillation. Heo et al., 2019. arXiv:1904.01866. L = ce
 * · CE(s, y) + weight · Σ_i 2^(i − n) · d(max(t_i, m_i), r_i(s_i)) over n pairs of maps before
 * their ReLUs. r is a learned 1×1 convolution with a norm, d(t, s) the sum of (t − s)² where t > 0
 * or s > t (Eq. 2, the partial distance), m each channel's mean below zero, from the γ and β of the
 * teacher's norm (Eq. 4 and 5). The teacher's map, larger or smaller, is average-pooled to the
 * student's size (mdistiller).
 */
export function ofd<const S extends string = never, const T extends string = never>(
  options: OfdOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T | "logits"> & Convolutional> {
  const { taps, released = false, weight = 0.001, ce = 1, kd = 0, temperature = 4 } = options;
  return {
    id: "ofd",
    options: checkRanges("ofd", { taps: taps ?? "maps", released, weight, ce, kd, temperature }, {
      weight: atLeast(0),
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper: "A Comprehensive Overhaul of Feature Distillation. Heo et al., 2019. arXiv:1904.01866",
    spots: (student, teacher) => tapPairs(student, teacher, taps, { fromLast: true }),
    build({ create, student, teacher }) {
      const pairs = tapPairs(student, teacher, taps, { fromLast: true }).map(([s, t]) => {
        const connect = create.in(`connector_${s}`)(
          convNorm(teacher.shapes[t][2], { kernel: 1 }),
          student.shapes[s],
        );
        return { s, t, connect, norm: teacher.norm(t) };
      });
      const copy = released ? create.in("teacher")(teacher.recipe, { from: teacher }) : undefined;
      return ({ student, teacher, image, task, live, frozen, mask }) => {
        const teaching = copy?.run(image, live) ?? teacher;
        // Of the copy only the statistics move: it learns nothing.
        const scoring = copy ? logitsOutput(stopGradient(teaching.taps.logits)) : teaching;
        return {
          task: [ce, task(student), "task"],
          ...Object.fromEntries(pairs.map(({ s, t, connect, norm }, i): [string, Term] => {
            const chosen = mask(s);
            const connected = connect(student.pre[s], passAmong(live, chosen));
            const [, height, width] = connected.shape;
            const target = adaptivePool(stopGradient(teaching.pre[t]), height!, width!);
            const least = margin(frozen.read(norm.scale), frozen.read(norm.offset));
            const share = 2 ** (i + 1 - pairs.length);
            return [`ofd_${s}`, [
              weight * share,
              applyMask(partialDistance(connected, target, least), chosen),
            ]];
          })),
          ...alsoKd({ student, teacher: scoring, mask }, { kd, temperature }),
        };
      };
    },
  };
}

/**
 * The sum of (max(t, m) − s)² where t > 0 or s > max(t, m): [batch], from maps [batch, …, channels]
 * and margins m.
 */
export function partialDistance(student: Tensor, teacher: Tensor, margin: Tensor): Tensor {
  const target = tf.maximum(teacher, margin);
  const above = tf.sub(student, target);
  return tf.sum(tf.square(tf.where(tf.greater(target, 0), above, reluOp(above))), [1, 2, 3]);
}

/** The mean of N(β, γ²) below zero, or −3 |γ| if less than a thousandth of it is below zero. */
export function margin(scale: Tensor, offset: Tensor): Tensor {
  const deviation = tf.maximum(tf.abs(scale), 1e-12);
  const ratio = tf.div(offset, deviation);
  const density = tf.div(tf.exp(tf.div(tf.square(ratio), -2)), Math.sqrt(2 * Math.PI));
  const below = tf.div(tf.sub(1, tf.erf(tf.div(ratio, Math.SQRT2))), 2);
  const mean = tf.sub(offset, tf.div(tf.mul(deviation, density), below));
  return tf.where(tf.less(ratio, THOUSANDTH), mean, tf.mul(deviation, -3));
}

/** The number of deviations above which a thousandth of the normal distribution lies. */
const THOUSANDTH = 3.090232306167813;
