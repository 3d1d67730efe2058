import * as tf from "@tensorflow/tfjs";
import { Confusion } from "./confusion.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Output, Scorer } from "../nn/network.ts";
import { crossEntropy, kl, oneHot } from "../nn/ops.ts";
import { classFindings } from "./class_findings.ts";
import { type LabelContext, type Labels, meanTally, type Target, type Task } from "./task.ts";

/**
 * Classification: one class for each image, the input `label`. The score counts the images whose
 * class comes first (`top1`) and among the first five (`top5`). Beside a teacher it has the mean of
 * KL(teacher ‖ student) at temperature 1 (`kl`).
 */
export const classification: Task<Scorer> = {
  id: "classification",
  measures: {
    top1: { title: "top-1", decimals: 2, isPercentage: true },
    top5: { title: "top-5", decimals: 2, isPercentage: true },
    kl: {
      title: "KL to teacher",
      decimals: 2,
      isPercentage: false,
      isLessBetter: true,
      isToTeacher: true,
    },
  },
  primary: "top1",
  readLabels: ({ labels }, indices) => ({
    label: { shape: [indices.length], data: indices.map((index) => labels[index]) },
  }),
  target: (labels, context) => classTarget(labels, context, 0),
  evaluate({ taps: { logits } }, { label }, teacher) {
    const hit = { top1: hits(logits, label, 1), top5: hits(logits, label, 5) };
    return teacher ? { ...hit, kl: kl(logits, teacher.taps.logits) } : hit;
  },
  tally: () => meanTally(classification.measures),
  predict: ({ taps: { logits } }) => ({ logits }),
  examine(classes) {
    const confusion = new Confusion(classes.length);
    return {
      add({ logits }, { label }) {
        confusion.add(logits, Int32Array.from(label.data));
      },
      result: () => classFindings(confusion, classes, classification.measures),
    };
  },
};

/**
 * `classification` with label smoothing (Szegedy et al., 2016, arXiv:1512.00567): with ε =
 * `smoothing`, the target is 1 − ε + ε / C for the right one of C classes and ε / C for each other
 * one. Scores and measures are those of `classification`.
 */
export function smoothedClassification(smoothing: number): Task<Scorer> {
  return {
    ...classification,
    target: (labels, context) => classTarget(labels, context, smoothing),
  };
}

function classTarget(
  { label }: Labels,
  { pairing }: LabelContext,
  smoothing: number,
): Target<Scorer> {
  const labels: readonly Label[] = pairing
    ? [[label, pairing.share], [tf.gather(label, pairing.partner, 0), tf.sub(1, pairing.share)]]
    : [[label, 1]];
  return {
    loss: classificationLoss(labels, smoothing),
    measure: ({ taps: { logits } }, teacher) => ({
      top1: correct(logits, labels),
      // A teacher of features alone scores no classes.
      ...teacher && "logits" in teacher.taps && { kl: kl(logits, teacher.taps.logits) },
    }),
    given: { label },
  };
}

/** The class of each image, int32 [batch], and its share of the loss, a scalar. */
export type Label = readonly [label: Tensor, share: Tensor | number];

/**
 * Cross-entropy with the right class for each sample, [batch], with label smoothing by `smoothing`.
 * If a sample has several classes, they count by their shares.
 */
export function classificationLoss(
  labels: readonly Label[],
  smoothing = 0,
): (output: Output<Scorer>) => Tensor {
  return ({ taps: { logits } }) =>
    crossEntropy(logits, distribution(labels, logits.shape[1]!, smoothing));
}

/** The distribution over the classes that a loss compares with, [batch, classes]. */
export function distribution(
  labels: readonly Label[],
  classes: number,
  smoothing: number,
): Tensor {
  const off = smoothing / classes;
  const smoothed = (label: Tensor) =>
    tf.oneHot(label, classes, 1 - smoothing + off, off, "float32");
  const [target, ...others] = labels.map(([label, share]) =>
    share === 1 ? smoothed(label) : tf.mul(smoothed(label), share)
  );
  return others.reduce((sum, other) => tf.add(sum, other), target);
}

/**
 * Whether each sample is correct, [batch] of 0 and 1. If a sample has several classes, each counts
 * by its share.
 */
function correct(logits: Tensor, labels: readonly Label[]): Tensor {
  return tf.addN(labels.map(([label, share]) => tf.mul(hits(logits, label, 1), share)));
}

/** Whether each sample has its class among the `k` highest scores, [batch] of 0 and 1. */
export function hits(logits: Tensor, label: Tensor, k: number): Tensor {
  const target = oneHot(label, logits.shape[1]!);
  const own = tf.sum(tf.mul(logits, target), -1, true);
  // Of equal scores the first class is ahead, as in argmax: bfloat16 rounds many to the same number.
  // Nothing is below a score that is no number.
  const ranks = tf.range(0, logits.shape[1]!, 1, "int32");
  const isLater = tf.greater(ranks, tf.expandDims(label, -1));
  const tied = tf.logicalAnd(tf.equal(logits, own), isLater);
  const below = tf.sum(tf.cast(tf.logicalOr(tf.less(logits, own), tied), "float32"), -1);
  return tf.cast(tf.greaterEqual(below, logits.shape[1]! - k), "float32");
}
