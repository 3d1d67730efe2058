import * as tf from "@tensorflow/tfjs";
import type { BuildContext, SpottedDistiller, Term } from "../experiment/distiller.ts";
import { Failure } from "../values/failure.ts";
import { rightSingularVectors } from "../kernels/right_singular_vectors.ts";
import type { Net } from "../nn/network.ts";
import { masked, safeSqrt, stop, unitRows } from "../nn/ops.ts";
import { type TapPair, tapPairs } from "../nn/tap_pairs.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { type Shape, sizeOf } from "../nn/variables.ts";
import { type AlsoKd, alsoKd } from "./parts/also_kd.ts";

/** What `kdsvd` can be asked for. */
export interface KdsvdOptions<S extends string, T extends string> extends AlsoKd {
  /**
   * The maps that are compared, the student's first, two pairs or more; by default those behind the
   * stems, in order (RepDistiller, mdistiller).
   */
  readonly taps?: readonly TapPair<S, T>[];
  /**
   * What a map's singular vectors are over: its `channels` (RepDistiller; both maps of a pair must
   * have as many), or its `columns`, which is what mdistiller's code comes to (both must be as
   * wide).
   */
  readonly over?: "channels" | "columns";
  /**
   * How many singular vectors of the teacher's maps; 1. Each is compared with the likest of three
   * more of the student's.
   */
  readonly vectors?: number;
  /** Weight of each two neighbouring pairs; 1 (mdistiller; the others give none). */
  readonly weight?: number;
  /** Weight of the cross-entropy; 1. */
  readonly ce?: number;
}

/**
 * KDSVD: Self-supervised Knowledge Distillation Using Singular Value Decomposition. Lee, Kim, Song,
 * 2018. arXiv:1807.06819. L = ce · CE(s, y) + weight · Σ ‖exp(−(v_s − v'_s)² / 8) − exp(−(v_t −
 * v'_t)² / 8)‖² over every two neighbouring taps, v and v' their first right singular vectors, each
 * entry of one with each of the other, scaled by the teacher's singular values (as shares of their
 * norm); the student's are those most like the teacher's, by sign too.
 *
 * A singular vector's sign is free, and the loss depends on the teacher's. The references take what
 * LAPACK gives; here a vector points where the rows' sum does, for maps behind a ReLU into the
 * positive: the same loss wherever LAPACK's signs agree from tap to tap.
 */
export function kdsvd<const S extends string = never, const T extends string = never>(
  options: KdsvdOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">> {
  const { taps, over = "channels", vectors = 1, weight = 1, ce = 1, kd = 0, temperature = 4 } =
    options;
  return {
    id: "kdsvd",
    options: { taps: taps ?? "maps", over, vectors, weight, ce, kd, temperature },
    paper:
      "Self-supervised Knowledge Distillation Using Singular Value Decomposition. Lee, Kim, Song, 2018. arXiv:1807.06819",
    spots: (student, teacher) => tapPairs(student, teacher, taps),
    build(context) {
      const pairs = tapPairs(context.student, context.teacher, taps);
      for (const pair of pairs) assertComparable(context, pair, over, vectors);
      if (pairs.length < 2) {
        throw new Failure(2, "kdsvd compares neighbouring pairs of taps: give it two or more");
      }
      return ({ student, teacher, task, mask }) => {
        const spots = pairs.map(([s, t]) => ({
          spot: s,
          ...aligned(matrices(student.taps[s], over), matrices(teacher.taps[t], over), vectors),
        }));
        return {
          task: [ce, task(student), "task"],
          ...Object.fromEntries(
            spots.slice(1).map((here, i): [string, Term] => {
              const before = spots[i];
              const off = tf.sub(
                relations(here.ours, before.ours),
                relations(here.theirs, before.theirs),
              );
              const values = tf.sum(tf.square(off), [1, 2, 3]);
              return [`kdsvd_${here.spot}`, [
                weight,
                masked(masked(values, mask(before.spot)), mask(here.spot)),
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
 * Throws a `Failure` where a pair's maps have not as many channels or columns, or too few for the
 * singular vectors.
 */
function assertComparable<S extends string, T extends string>(
  { student, teacher }: BuildContext<Net<S>, Net<T>>,
  [s, t]: TapPair<S, T>,
  over: Over,
  vectors: number,
): void {
  const ours: Shape = student.shapes[s];
  const theirs: Shape = teacher.shapes[t];
  const axis = over === "channels" ? 2 : 1;
  const maps = `the student's ${s} is [${ours}] and the teacher's ${t} [${theirs}]`;
  if (ours[axis] !== theirs[axis]) {
    throw new Failure(
      2,
      `kdsvd compares singular vectors over ${over}, but ${maps}: pair taps that have as many`,
    );
  }
  const most = Math.min(
    ...[ours, theirs].map((shape) => Math.min(shape[axis], sizeOf(shape) / shape[axis])),
  );
  if (!Number.isInteger(vectors) || vectors < 1 || vectors > most) {
    throw new Failure(
      2,
      `${maps}, which have ${most} singular vectors over ${over}: kdsvd cannot take ${vectors}`,
    );
  }
}

/**
 * A map as a matrix for each sample, with its channels or its columns side by side: [batch, rows,
 * channels or columns].
 */
function matrices(map: Tensor, over: Over): Tensor {
  const [batch, height, width, channels] = map.shape as [number, number, number, number];
  if (over === "channels") return tf.reshape(map, [batch, height * width, channels]);
  return tf.reshape(tf.transpose(map, [0, 1, 3, 2]), [batch, height * channels, width]);
}

/**
 * The teacher's first singular vectors, as long as their singular values' shares, and for each the
 * likest of the student's pointing the same way and as long: [batch, entries, vectors] both.
 */
function aligned(
  student: Tensor,
  teacher: Tensor,
  vectors: number,
): { ours: Tensor; theirs: Tensor } {
  const [, rows, entries] = student.shape;
  const ours = rightSingularVectors(student, Math.min(vectors + 3, rows, entries!));
  const theirs = rightSingularVectors(teacher, vectors);
  const cosines = tf.matMul(stop(ours), theirs, true, false);
  const sizes = tf.abs(cosines);
  const isLikest = tf.cast(tf.equal(sizes, tf.max(sizes, 1, true)), "float32");
  const lengths = unitRows(safeSqrt(tf.sum(tf.square(tf.matMul(teacher, theirs)), 1, true)));
  return {
    ours: tf.mul(tf.matMul(ours, tf.mul(tf.sign(cosines), isLikest)), lengths),
    theirs: tf.mul(theirs, lengths),
  };
}

/**
 * exp(−(a − b)² / 8) of each entry of a's vectors with each of b's: [batch, entries of a, entries
 * of b, vectors].
 */
function relations(a: Tensor, b: Tensor): Tensor {
  return tf.exp(tf.div(tf.square(tf.sub(tf.expandDims(a, 2), tf.expandDims(b, 1))), -8));
}
