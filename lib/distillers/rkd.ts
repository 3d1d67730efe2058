import * as tf from "@tensorflow/tfjs";
import type { SpottedDistiller } from "../experiment/distiller.ts";
import type { Net } from "../nn/network.ts";
import { flatten, gram, selectRelated, smoothL1, unitRows } from "../nn/ops.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { alsoKd, type AlsoKdOptions } from "./parts/also_kd.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `rkd`. */
export interface RkdOptions<S extends string, T extends string> extends AlsoKdOptions {
  /** The student's tap. Default: `pooled`. */
  readonly student?: S;
  /** The teacher's tap. Default: `pooled`. */
  readonly teacher?: T;
  /** Weight of the distances. Default: 25 (RepDistiller, mdistiller, SAKD; the paper's RKD-D). */
  readonly distance?: number;
  /** Weight of the angles. Default: 50 (RepDistiller, mdistiller, SAKD; the paper's RKD-A). */
  readonly angle?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/** Minimum distance of two samples. */
const CLOSEST = 1e-6;

/**
 * RKD: Relational Knowledge Distillation. Park, Kim, Lu, Cho, 2019. arXiv:1904.05068. L = ce ·
 * CE(s, y) + distance · mean_ij h(d^s_ij − d^t_ij) + angle · mean_ijk h(a^s_ijk − a^t_ijk). d are
 * the distances between samples divided by their mean (Eq. 4–6), a the cosine of the angle at i
 * between j and k (Eq. 8, 9), h the smooth L1 (Eq. 7). The means are over all B² pairs and B³
 * triples, including those of a sample with itself, as in RepDistiller. At a spot with a mask only
 * chosen samples count.
 */
export function rkd<const S extends string = "pooled", const T extends string = "pooled">(
  options: RkdOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">> {
  const { student: learning = "pooled" as S, teacher: teaching = "pooled" as T } = options;
  const { distance = 25, angle = 50, ce = 1, kd = 0, temperature = 4 } = options;
  return {
    id: "rkd",
    options: checkRanges("rkd", {
      student: learning,
      teacher: teaching,
      distance,
      angle,
      ce,
      kd,
      temperature,
    }, {
      distance: atLeast(0),
      angle: atLeast(0),
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper: "Relational Knowledge Distillation. Park, Kim, Lu, Cho, 2019. arXiv:1904.05068",
    spots: () => [[learning, teaching]],
    build: () => ({ student, teacher, task, mask }) => {
      const { chosen, pairs, count } = selectRelated(mask(learning), student.taps[learning]);
      const [s, t] = [student.taps[learning], teacher.taps[teaching]].map((x) =>
        differences(flatten(x))
      );
      const distanceErrors = tf.sub(relativeDistances(s, pairs), relativeDistances(t, pairs));
      const triples = tf.mul(tf.expandDims(pairs, 1), tf.expandDims(pairs, 2));
      const angleErrors = tf.mul(tf.sub(gram(unitRows(s)), gram(unitRows(t))), triples);
      const distances = tf.div(tf.sum(smoothL1(distanceErrors)), tf.pow(count, 2));
      const angles = tf.div(tf.sum(smoothL1(angleErrors)), tf.pow(count, 3));
      return {
        task: [ce, task(student), "task"],
        distance: [distance, tf.mul(distances, chosen)],
        angle: [angle, tf.mul(angles, chosen)],
        ...alsoKd({ student, teacher, mask }, { kd, temperature }),
      };
    },
  };
}

/** The vectors from each sample to each other one, [batch, batch, features]. */
function differences(x: Tensor): Tensor {
  return tf.sub(tf.expandDims(x, 0), tf.expandDims(x, 1));
}

/**
 * Distances of these pairs, [batch, batch], divided by their mean, which leaves out the distance of
 * a sample from itself.
 */
function relativeDistances(differences: Tensor, pairs: Tensor): Tensor {
  const different = tf.mul(pairs, tf.sub(1, tf.eye(pairs.shape[0])));
  const squares = tf.sum(tf.square(differences), -1);
  const distances = tf.mul(tf.sqrt(tf.maximum(squares, CLOSEST ** 2)), different);
  const mean = tf.div(tf.sum(distances), tf.maximum(tf.sum(different), 1));
  return tf.div(distances, tf.maximum(mean, CLOSEST));
}
