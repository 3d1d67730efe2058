/**
 * Correlations of a network's logits over a set of images, class by class.
 *
 * @module
 */
import { Failure } from "../values/failure.ts";

/**
 * Pearson's correlation of the logits of each two classes, [classes, classes], over logits of the
 * shape [images, classes]. It is not a number for a class whose logits are all the same, as
 * NumPy's `corrcoef` has it. Throws a `Failure` (exit 2) if there are fewer than two images.
 */
export function correlation(logits: Float32Array, classes: number): Float64Array {
  const images = logits.length / classes;
  if (images < 2) throw new Failure(2, `a correlation needs two images or more, not ${images}`);
  const centred = centre(logits, classes);
  const products = new Float64Array(classes * classes);
  for (let image = 0; image < images; image++) {
    const row = centred.subarray(image * classes, (image + 1) * classes);
    for (let a = 0; a < classes; a++) {
      for (let b = 0; b < classes; b++) products[a * classes + b] += row[a] * row[b];
    }
  }
  const deviation = Float64Array.from(
    { length: classes },
    (_, a) => Math.sqrt(products[a * classes + a]),
  );
  return products.map((product, i) => {
    const value = product / deviation[Math.floor(i / classes)] / deviation[i % classes];
    return Math.min(1, Math.max(-1, value));
  });
}

/** The logits without the mean of each class. */
function centre(logits: Float32Array, classes: number): Float64Array {
  const images = logits.length / classes;
  const means = new Float64Array(classes);
  for (let i = 0; i < logits.length; i++) means[i % classes] += logits[i] / images;
  return Float64Array.from(logits, (logit, i) => logit - means[i % classes]);
}

/** How far the logits of a student are correlated in another way than those of its teacher. */
export interface CorrelationGap {
  /** Correlations of the student minus those of the teacher, [classes, classes]. */
  readonly difference: Float64Array;
  /** The mean of the absolute differences. */
  readonly mean: number;
}

/** Compares the correlations of a student's logits with those of its teacher's. */
export function correlationGap(student: Float64Array, teacher: Float64Array): CorrelationGap {
  const difference = student.map((value, i) => value - teacher[i]);
  const sum = difference.reduce((sum, value) => sum + Math.abs(value), 0);
  return { difference, mean: sum / difference.length };
}
