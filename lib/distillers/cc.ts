import * as tf from "@tensorflow/tfjs";
import type { SpottedDistiller } from "../experiment/distiller.ts";
import { dense } from "../nn/layers.ts";
import type { Net } from "../nn/network.ts";
import { flat, gram, type Related, related, safeSqrt } from "../nn/ops.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { type AlsoKd, alsoKd } from "./parts/also_kd.ts";

/** What `cc` can be asked for. */
export interface CcOptions<S extends string, T extends string> extends AlsoKd {
  /** The student's tap; `pooled`. */
  readonly student?: S;
  /** The teacher's tap; `pooled`. */
  readonly teacher?: T;
  /** Units of both embeddings; 128. */
  readonly units?: number;
  /**
   * What is congruent. `consecutive`, the default, is the code of the paper's authors
   * (RepDistiller, SAKD): products of
   * |e_s − e_t| of samples that follow each other. `bilinear` and `gaussian` are the paper's kernels as torchdistill has
   * them: the Frobenius distance between the matrices of samples' correlations.
   */
  readonly kernel?: "consecutive" | "bilinear" | "gaussian";
  /** γ of the Gaussian kernel; 0.4 (the paper, torchdistill). */
  readonly gamma?: number;
  /** Up to which power the Gaussian kernel is expanded; 2 (the paper, torchdistill). */
  readonly power?: number;
  /** Weight of the congruence; 0.02 (RepDistiller, SAKD). */
  readonly weight?: number;
  /** Weight of the cross-entropy; 1. */
  readonly ce?: number;
}

/**
 * CC: Correlation Congruence for Knowledge Distillation. Peng et al., 2019. arXiv:1904.01802. L =
 * ce · CE(s, y) + weight · L_CC between embeddings e of both networks' features, both learned.
 * `consecutive`: L_CC = 1 / (B − 1) · Σ_i |e^s_i − e^t_i| · |e^s_{i+1} − e^t_{i+1}|; else ‖K_s −
 * K_t‖ / B² (the paper has its square), K_ij = e_i · e_j, or e^{−2γ} Σ_p (2γ)^p / p! · (e_i ·
 * e_j)^p (a Gaussian's Taylor expansion). At a spot with a mask the chosen samples follow each
 * other.
 */
export function cc<const S extends string = "pooled", const T extends string = "pooled">(
  options: CcOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">> {
  const { student: learning = "pooled" as S, teacher: teaching = "pooled" as T } = options;
  const { units = 128, kernel = "consecutive", gamma = 0.4, power = 2, weight = 0.02 } = options;
  const { ce = 1, kd = 0, temperature = 4 } = options;
  const compare: Comparison = kernel === "consecutive"
    ? consecutive
    : kernel === "bilinear"
    ? distanceBetween(gram)
    : distanceBetween((e) => gaussian(gram(e), gamma, power));
  return {
    id: "cc",
    options: {
      student: learning,
      teacher: teaching,
      units,
      kernel,
      gamma,
      power,
      weight,
      ce,
      kd,
      temperature,
    },
    paper: "Correlation Congruence for Knowledge Distillation. Peng et al., 2019. arXiv:1904.01802",
    spots: () => [[learning, teaching]],
    build({ create, student, teacher }) {
      const embed = create.in("embed");
      const embedStudent = embed.in("student")(dense(units), student.shapes[learning]);
      const embedTeacher = embed.in("teacher")(dense(units), teacher.shapes[teaching]);
      return ({ student, teacher, task, live, mask }) => {
        const among = related(mask(learning), student.taps[learning]);
        const s = embedStudent(flat(student.taps[learning]), live);
        const t = embedTeacher(flat(teacher.taps[teaching]), live);
        return {
          task: [ce, task(student), "task"],
          cc: [weight, tf.mul(compare(s, t, among), among.chosen)],
          ...alsoKd({ student, teacher, mask }, { kd, temperature }),
        };
      };
    },
  };
}

/** How far the embeddings of chosen samples, [batch, units], are from congruence: a scalar. */
type Comparison = (student: Tensor, teacher: Tensor, among: Related) => Tensor;

/** The mean of |e_s − e_t| · |e_s − e_t| of each chosen sample and the next chosen one. */
const consecutive: Comparison = (student, teacher, { chosen, pairs, count }) => {
  const off = tf.abs(tf.sub(student, teacher));
  const rank = tf.cumsum(chosen);
  const follows = tf.equal(tf.expandDims(rank, 0), tf.expandDims(tf.add(rank, 1), 1));
  const products = tf.mul(off, tf.matMul(tf.mul(pairs, tf.cast(follows, "float32")), off));
  return tf.div(tf.sum(products), tf.maximum(tf.sub(count, 1), 1));
};

/**
 * The Frobenius distance between chosen samples' correlations, divided by the number of their
 * pairs.
 */
function distanceBetween(correlate: (embeddings: Tensor) => Tensor): Comparison {
  return (student, teacher, { pairs, count }) => {
    const off = tf.mul(tf.sub(correlate(student), correlate(teacher)), pairs);
    return tf.div(safeSqrt(tf.sum(tf.square(off))), tf.square(count));
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
