import * as tf from "@tensorflow/tfjs";
import type { SpottedDistiller } from "../experiment/distiller.ts";
import { dense } from "../nn/layers.ts";
import type { Net } from "../nn/network.ts";
import { flatten, gram, type Related, safeSqrt, selectRelated } from "../nn/ops.ts";
import { type Shape, sizeOf } from "../nn/variables.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { alsoKd, type AlsoKdOptions } from "./parts/also_kd.ts";
import { above, atLeast, checkRanges, whole } from "../values/range.ts";

/** Options of `cc`. */
export interface CcOptions<S extends string, T extends string> extends AlsoKdOptions {
  /** The student's tap. Default: `pooled`. */
  readonly student?: S;
  /** The teacher's tap. Default: `pooled`. */
  readonly teacher?: T;
  /** Units of both embeddings. Default: 128. */
  readonly units?: number;
  /**
   * Measure of congruence. `consecutive`: products of |e_s − e_t| of consecutive samples, as in the
   * authors' code (RepDistiller, SAKD). `bilinear` and `gaussian`: the Frobenius distance between
   * the matrices of the samples' correlations, with the paper's kernels as in torchdistill.
   * Default: `consecutive`.
   */
  readonly kernel?: "consecutive" | "bilinear" | "gaussian";
  /** γ of the Gaussian kernel. Default: 0.4 (paper, torchdistill). */
  readonly gamma?: number;
  /** Highest power in the expansion of the Gaussian kernel. Default: 2 (paper, torchdistill). */
  readonly power?: number;
  /** Weight of the congruence. Default: 0.02 (RepDistiller, SAKD). */
  readonly weight?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/**
 * CC: Correlation Congruence for Knowledge Distillation. Peng et al., 2019. arXiv:1904.01802. L =
 * ce · CE(s, y) + weight · L_CC between learned embeddings e of both networks' features.
 * `consecutive`: L_CC = 1 / (B − 1) · Σ_i |e^s_i − e^t_i| · |e^s_{i+1} − e^t_{i+1}|. Other kernels:
 * L_CC = ‖K_s − K_t‖ / B² (the paper has its square), with K_ij = e_i · e_j, or e^{−2γ} Σ_p (2γ)^p
 * / p! · (e_i · e_j)^p (a Gaussian's Taylor expansion). At a spot with a mask, the chosen samples
 * count as consecutive.
 */
export function cc<const S extends string = "pooled", const T extends string = "pooled">(
  options: CcOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">> {
  const { student: studentTap = "pooled" as S, teacher: teacherTap = "pooled" as T } = options;
  const { units = 128, kernel = "consecutive", gamma = 0.4, power = 2, weight = 0.02 } = options;
  const { ce = 1, kd = 0, temperature = 4 } = options;
  const compare: Comparison = kernel === "consecutive"
    ? consecutive
    : kernel === "bilinear"
    ? distanceBetween(gram)
    : distanceBetween((e) => gaussian(gram(e), gamma, power));
  return {
    id: "cc",
    options: checkRanges("cc", {
      student: studentTap,
      teacher: teacherTap,
      units,
      kernel,
      gamma,
      power,
      weight,
      ce,
      kd,
      temperature,
    }, {
      units: whole(),
      gamma: above(0),
      power: whole(),
      weight: atLeast(0),
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper: "Correlation Congruence for Knowledge Distillation. Peng et al., 2019. arXiv:1904.01802",
    spots: () => [[studentTap, teacherTap]],
    build({ create, student, teacher }) {
      const embed = create.in("embed");
      const embedding = (side: string, shape: Shape) =>
        embed.in(side)(dense(units), [sizeOf(shape)]);
      const embedStudent = embedding("student", student.shapes[studentTap]);
      const embedTeacher = embedding("teacher", teacher.shapes[teacherTap]);
      return ({ student, teacher, task, live, mask }) => {
        const samples = selectRelated(mask(studentTap), student.taps[studentTap]);
        const s = embedStudent(flatten(student.taps[studentTap]), live);
        const t = embedTeacher(flatten(teacher.taps[teacherTap]), live);
        return {
          task: [ce, task(student), "task"],
          cc: [weight, tf.mul(compare(s, t, samples), samples.chosen)],
          ...alsoKd({ student, teacher, mask }, { kd, temperature }),
        };
      };
    },
  };
}

/** Distance from congruence of the chosen samples' embeddings, [batch, units]: a scalar. */
type Comparison = (student: Tensor, teacher: Tensor, samples: Related) => Tensor;

/** The mean of |e_s − e_t| · |e_s − e_t| over each chosen sample and the next chosen one. */
const consecutive: Comparison = (student, teacher, { chosen, pairs, count }) => {
  const difference = tf.abs(tf.sub(student, teacher));
  const rank = tf.cumsum(chosen);
  const follows = tf.equal(tf.expandDims(rank, 0), tf.expandDims(tf.add(rank, 1), 1));
  const products = tf.mul(
    difference,
    tf.matMul(tf.mul(pairs, tf.cast(follows, "float32")), difference),
  );
  return tf.div(tf.sum(products), tf.maximum(tf.sub(count, 1), 1));
};

/**
 * The Frobenius distance between the chosen samples' correlations, divided by the number of their
 * pairs.
 */
function distanceBetween(correlate: (embeddings: Tensor) => Tensor): Comparison {
  return (student, teacher, { pairs, count }) => {
    const difference = tf.mul(tf.sub(correlate(student), correlate(teacher)), pairs);
    return tf.div(safeSqrt(tf.sum(tf.square(difference))), tf.square(count));
  };
}

/** The Gaussian kernel's Taylor expansion for inner products of unit vectors. */
function gaussian(products: Tensor, gamma: number, power: number): Tensor {
  let term: Tensor = tf.fill(products.shape, Math.exp(-2 * gamma));
  let sum = term;
  for (let p = 1; p <= power; p++) {
    term = tf.mul(tf.mul(term, products), 2 * gamma / p);
    sum = tf.add(sum, term);
  }
  return sum;
}
