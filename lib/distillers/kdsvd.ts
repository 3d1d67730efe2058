import * as tf from "@tensorflow/tfjs";
import type { BuildContext, SpottedDistiller, Term } from "../experiment/distiller.ts";
import { Failure } from "../values/failure.ts";
import { rightSingularVectors } from "../kernels/right_singular_vectors.ts";
import type { Net } from "../nn/network.ts";
import { applyMask, safeSqrt, stopGradient, unitRows } from "../nn/ops.ts";
import { type TapPair, tapPairs } from "../nn/tap_pairs.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { type Shape, sizeOf } from "../nn/variables.ts";
import { alsoKd, type AlsoKdOptions } from "./parts/also_kd.ts";
import { above, atLeast, checkRanges, whole } from "../values/range.ts";

/** Options of `kdsvd`. */
export interface KdsvdOptions<S extends string, T extends string> extends AlsoKdOptions {
  /**
   * Pairs of maps to compare, at least two, the student's first. Default: the maps after the
   * stems, in order (RepDistiller, mdistiller).
   */
  readonly taps?: readonly TapPair<S, T>[];
  /**
   * Axis of a map's singular vectors: its `channels` (RepDistiller; both maps of a pair must have
   * the same number) or its `columns`, to which mdistiller's code amounts (both must have the same
   * width). Default: `channels`.
   */
  readonly over?: "channels" | "columns";
  /**
   * Number of singular vectors of each of the teacher's maps. Each is compared with the most
   * similar of the student's first `vectors` + 3. Default: 1.
   */
  readonly vectors?: number;
  /** Weight of each two neighbouring pairs. Default: 1 (mdistiller; the others give none). */
  readonly weight?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/**
 * KDSVD: Self-supervised Knowledge Distillation Using Singular Value Decomposition. Lee, Kim,
 * Song, 2018. arXiv:1807.06819. L = ce · CE(s, y) + weight · Σ ‖exp(−(v_s − v'_s)² / 8) − exp(−(v_t
 * − v'_t)² / 8)‖² over every two neighbouring taps. v and v' are their first right singular
 * vectors, each entry of one with each of the other, scaled by the teacher's singular values (as
 * shares of their norm). The student's vectors are those most similar to the teacher's, and take
 * their signs.
 *
 * A singular vector's sign is free, but the loss depends on the teacher's. The references keep
 * LAPACK's signs. Here a vector points where the sum of the rows does, so into the positive for
 * maps after a ReLU: the loss is the same wherever LAPACK's signs agree from tap to tap.
 */
export function kdsvd<const S extends string = never, const T extends string = never>(
  options: KdsvdOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">> {
  const { taps, over = "channels", vectors = 1, weight = 1, ce = 1, kd = 0, temperature = 4 } =
    options;
  return {
    id: "kdsvd",
    options: checkRanges("kdsvd", {
      taps: taps ?? "maps",
      over,
      vectors,
      weight,
      ce,
      kd,
      temperature,
    }, {
      vectors: whole(),
      weight: atLeast(0),
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper:
      "Self-supervised Knowledge Distillation Using Singular Value Decomposition. Lee, Kim, Song, 2018. arXiv:1807.06819",
    spots: (student, teacher) => tapPairs(student, teacher, taps),
    build(context) {
      const pairs = tapPairs(context.student, context.teacher, taps, { ordered: true });
      for (const pair of pairs) assertComparable(context, pair, over, vectors);
      if (pairs.length < 2) {
        throw new Failure(2, "kdsvd compares neighbouring pairs of taps: name at least two");
      }
      return ({ student, teacher, task, mask }) => {
        const spots = pairs.map(([s, t]) => ({
          spot: s,
          ...align(matrices(student.taps[s], over), matrices(teacher.taps[t], over), vectors),
        }));
        return {
          task: [ce, task(student), "task"],
          ...Object.fromEntries(
            spots.slice(1).map((here, i): [string, Term] => {
              const before = spots[i];
              const difference = tf.sub(
                relations(here.studentVectors, before.studentVectors),
                relations(here.teacherVectors, before.teacherVectors),
              );
              const values = tf.sum(tf.square(difference), [1, 2, 3]);
              return [`kdsvd_${here.spot}`, [
                weight,
                applyMask(applyMask(values, mask(before.spot)), mask(here.spot)),
              ]];
            }),
          ),
          ...alsoKd({ student, teacher, mask }, { kd, temperature }),
        };
      };
    },
  };
}

type Over = NonNullable<KdsvdOptions<string, string>["over"]>;

/**
 * Throws a `Failure` (exit 2) if the maps of a pair differ in their number of channels or columns,
 * or have too few for the singular vectors.
 */
function assertComparable<S extends string, T extends string>(
  { student, teacher }: BuildContext<Net<S>, Net<T>>,
  [s, t]: TapPair<S, T>,
  over: Over,
  vectors: number,
): void {
  const studentShape: Shape = student.shapes[s];
  const teacherShape: Shape = teacher.shapes[t];
  const axis = over === "channels" ? 2 : 1;
  const maps = `the student's ${s} is [${studentShape}] and the teacher's ${t} [${teacherShape}]`;
  if (studentShape[axis] !== teacherShape[axis]) {
    throw new Failure(
      2,
      `kdsvd compares singular vectors over ${over}, but ${maps}: pair taps with equal numbers`,
    );
  }
  const most = Math.min(
    ...[studentShape, teacherShape].map((shape) =>
      Math.min(shape[axis], sizeOf(shape) / shape[axis])
    ),
  );
  if (vectors > most) {
    throw new Failure(
      2,
      `${maps}, which have ${most} singular vectors over ${over}: kdsvd cannot take ${vectors}`,
    );
  }
}

/**
 * A map as a matrix for each sample, whose columns are its channels or its columns: [batch, rows,
 * channels or columns].
 */
function matrices(map: Tensor, over: Over): Tensor {
  const [batch, height, width, channels] = map.shape as [number, number, number, number];
  if (over === "channels") return tf.reshape(map, [batch, height * width, channels]);
  return tf.reshape(tf.transpose(map, [0, 1, 3, 2]), [batch, height * channels, width]);
}

/**
 * The teacher's first singular vectors, scaled to their singular values' shares, and for each the
 * most similar of the student's, with the same sign and length: both [batch, entries, vectors].
 */
function align(
  student: Tensor,
  teacher: Tensor,
  vectors: number,
): { studentVectors: Tensor; teacherVectors: Tensor } {
  const [, rows, entries] = student.shape;
  const candidates = rightSingularVectors(student, Math.min(vectors + 3, rows, entries!));
  const targets = rightSingularVectors(teacher, vectors);
  const cosines = tf.matMul(stopGradient(candidates), targets, true, false);
  const sizes = tf.abs(cosines);
  const isMostSimilar = tf.cast(tf.equal(sizes, tf.max(sizes, 1, true)), "float32");
  const lengths = unitRows(safeSqrt(tf.sum(tf.square(tf.matMul(teacher, targets)), 1, true)));
  return {
    studentVectors: tf.mul(
      tf.matMul(candidates, tf.mul(tf.sign(cosines), isMostSimilar)),
      lengths,
    ),
    teacherVectors: tf.mul(targets, lengths),
  };
}

/**
 * exp(−(a − b)² / 8) of each entry of a's vectors with each entry of b's: [batch, entries of a,
 * entries of b, vectors].
 */
function relations(a: Tensor, b: Tensor): Tensor {
  return tf.exp(tf.div(tf.square(tf.sub(tf.expandDims(a, 2), tf.expandDims(b, 1))), -8));
}
