import * as tf from "@tensorflow/tfjs";
import type { SpottedDistiller } from "../experiment/distiller.ts";
import type { Net } from "../nn/network.ts";
import { flatten, gram, safeSqrt, selectRelated } from "../nn/ops.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { alsoKd, type AlsoKdOptions } from "./parts/also_kd.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `pkt`. */
export interface PktOptions<S extends string, T extends string> extends AlsoKdOptions {
  /** The student's tap. Default: `pooled`. */
  readonly student?: S;
  /** The teacher's tap. Default: `pooled`. */
  readonly teacher?: T;
  /** Weight of the divergence. Default: 30000 (RepDistiller, mdistiller, SAKD). */
  readonly weight?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/** The authors' code adds it to norms and to probabilities. */
const EPSILON = 1e-7;

/**
 * PKT: Learning Deep Representations with Probabilistic Knowledge Transfer. Passalis, Tefas, 2018.
 * arXiv:1803.10837. L = ce · CE(s, y) + weight · mean_ij p_ij · log(p_ij / q_ij). p and q are the
 * teacher's and the student's (cos(f_i, f_j) + 1) / 2, with rows of sum 1. The mean is over all B²
 * pairs, as in the authors' code. The paper has a sum, hence the large weight. At a spot with a
 * mask only pairs of chosen samples count.
 */
export function pkt<const S extends string = "pooled", const T extends string = "pooled">(
  options: PktOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">> {
  const { student: learning = "pooled" as S, teacher: teaching = "pooled" as T } = options;
  const { weight = 30000, ce = 1, kd = 0, temperature = 4 } = options;
  return {
    id: "pkt",
    options: checkRanges("pkt", {
      student: learning,
      teacher: teaching,
      weight,
      ce,
      kd,
      temperature,
    }, { weight: atLeast(0), ce: atLeast(0), kd: atLeast(0), temperature: above(0) }),
    paper:
      "Learning Deep Representations with Probabilistic Knowledge Transfer. Passalis, Tefas, 2018. arXiv:1803.10837",
    spots: () => [[learning, teaching]],
    build: () => ({ student, teacher, task, mask }) => {
      const { chosen, pairs, count } = selectRelated(mask(learning), student.taps[learning]);
      const probabilities = (x: Tensor) => {
        const paired = tf.mul(similarities(flatten(x)), pairs);
        const sum = tf.sum(paired, -1);
        return tf.div(paired, tf.expandDims(tf.add(sum, tf.sub(1, chosen)), 1));
      };
      const p = probabilities(teacher.taps[teaching]);
      const q = probabilities(student.taps[learning]);
      const divergence = tf.mul(p, tf.log(tf.div(tf.add(p, EPSILON), tf.add(q, EPSILON))));
      const loss = tf.div(tf.sum(divergence), tf.square(count));
      return {
        task: [ce, task(student), "task"],
        pkt: [weight, tf.mul(loss, chosen)],
        ...alsoKd({ student, teacher, mask }, { kd, temperature }),
      };
    },
  };
}

/** The cosines between rows, scaled to 0 … 1: [batch, features] → [batch, batch]. */
function similarities(x: Tensor): Tensor {
  const length = tf.add(safeSqrt(tf.sum(tf.square(x), -1, true)), EPSILON);
  return tf.div(tf.add(gram(tf.div(x, length)), 1), 2);
}
