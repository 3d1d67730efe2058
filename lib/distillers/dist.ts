import * as tf from "@tensorflow/tfjs";
import type { Distiller } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { type Related, selectRelated, softmax, standardise } from "../nn/ops.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `dist`. */
export interface DistOptions {
  /**
   * β, the weight of the relation between the classes of a sample. Default: 2 (paper, all of
   * classification; torchdistill has 1).
   */
  readonly beta?: number;
  /** γ, the weight of the relation between the samples in a class. Default: 2 (as β). */
  readonly gamma?: number;
  /** τ. Default: 4 (paper on CIFAR-100; 1 on ImageNet and in torchdistill). */
  readonly temperature?: number;
  /** Weight of the cross-entropy. Default: 1 (paper). */
  readonly ce?: number;
  /** Whether both logits are standardised first (Sun et al., 2024). Default: false. */
  readonly standardised?: boolean;
}

/**
 * DIST: Knowledge Distillation from A Stronger Teacher. Huang et al., 2022. arXiv:2205.10536. L =
 * ce · CE(s, y) + τ² · (β · (1 − mean over samples of ρ) + γ · (1 − mean over classes of ρ)), with
 * ρ Pearson's correlation of the student's and the teacher's softmax(· / τ): over the classes of a
 * sample, and over the batch's samples in a class.
 */
export function dist(options: DistOptions = {}): Distiller<Scorer, Scorer> {
  const { beta = 2, gamma = 2, temperature = 4, ce = 1, standardised } = options;
  return {
    id: "dist",
    options: checkRanges("dist", { beta, gamma, temperature, ce, standardised }, {
      beta: atLeast(0),
      gamma: atLeast(0),
      temperature: above(0),
      ce: atLeast(0),
    }),
    paper: "Knowledge Distillation from A Stronger Teacher. Huang et al., 2022. arXiv:2205.10536",
    note: (classes) =>
      classes === 2
        ? "dist: with two classes every sample's correlation over them is 1 or −1, so `inter` " +
          "teaches nothing"
        : undefined,
    build: () => ({ student, teacher, task, mask }) => {
      const [s, t] = [student, teacher].map(({ taps: { logits } }) =>
        softmax(standardised ? standardise(logits) : logits, temperature)
      );
      const samples = selectRelated(mask("logits"), s);
      const { chosen } = samples;
      const distance = (correlation: Tensor) => tf.mul(tf.sub(1, correlation), temperature ** 2);
      const inter = distance(cosine(centreClasses(s), centreClasses(t), -1));
      const intra = tf.mean(
        distance(cosine(centreSamples(s, samples), centreSamples(t, samples), 0)),
      );
      return {
        task: [ce, task(student), "task"],
        inter: [beta, tf.mul(inter, chosen)],
        intra: [gamma, tf.mul(intra, chosen)],
      };
    },
  };
}

/** Probabilities minus their mean over a sample's classes. */
function centreClasses(probabilities: Tensor): Tensor {
  return tf.sub(probabilities, tf.mean(probabilities, -1, true));
}

/** Probabilities minus their mean over the related samples; 0 for other samples. */
function centreSamples(probabilities: Tensor, { chosen, count }: Related): Tensor {
  const rows = tf.expandDims(chosen, 1);
  const mean = tf.div(tf.sum(tf.mul(probabilities, rows), 0, true), count);
  return tf.mul(tf.sub(probabilities, mean), rows);
}

/** The cosine of the angle between a and b along an axis. Norms below 1e-8 count as 1e-8. */
function cosine(a: Tensor, b: Tensor, axis: number): Tensor {
  const unit = (x: Tensor) =>
    tf.div(x, tf.sqrt(tf.maximum(tf.sum(tf.square(x), axis, true), 1e-16)));
  return tf.sum(tf.mul(unit(a), unit(b)), axis);
}
