import * as tf from "@tensorflow/tfjs";
import { customGradient } from "./custom_gradient.ts";
import type { Tensor } from "./tensor.ts";
import { eigh } from "./eigh.ts";

/**
 * Eigenvalues count as equal if they differ by less than this share of the largest: rounding then
 * decides which vector belongs to which.
 */
const TIE = 1e-6;

/**
 * The right singular vectors of matrices [batch, rows, columns] with the `count` largest singular
 * values, the largest first: [batch, columns, count]. Each has length 1 (0 if there is no such
 * vector) and a non-negative product with the sum of the rows. Computed from the eigenvectors of
 * the smaller Gram matrix. The gradient between vectors of equal singular values, which is
 * infinite, counts as 0.
 */
export function rightSingularVectors(x: Tensor, count: number): Tensor {
  return customGradient((...inputs) => {
    const [x, save] = inputs as unknown as [Tensor, tf.GradSaveFunc];
    const [, rows, columns] = x.shape;
    const tall = rows >= columns!;
    const { values, vectors } = eigh(tf.matMul(x, x, tall, !tall));
    // In both cases each vector times its singular value.
    const scaled = tall
      ? tf.mul(vectors, tf.sqrt(tf.relu(tf.expandDims(values, 1))))
      : tf.matMul(x, vectors, true, false);
    const first = tf.reverse(
      tf.slice(tall ? vectors : scaled, [0, 0, vectors.shape[2]! - count]),
      2,
    );
    const sums = tf.sum(tf.matMul(x, first), 1, true);
    const signs = tf.sub(tf.mul(tf.cast(tf.greaterEqual(sums, 0), "float32"), 2), 1);
    const result = tf.mul(first, tall ? signs : tf.divNoNan(signs, tf.norm(first, 2, 1, true)));
    save([x, values, scaled, result]);
    return { value: result, gradFunc: (dy: Tensor, saved: Tensor[]) => gradient(dy, saved, count) };
  })(x);
}

/**
 * The gradient with respect to x. For vector vᵢ with eigenvalue λᵢ of XᵀX it is X (w vᵢᵀ + vᵢ wᵀ)
 * with w = Σⱼ≠ᵢ vⱼ vⱼᵀ dyᵢ / (λᵢ − λⱼ), including the vⱼ of eigenvalue 0.
 */
function gradient(dy: Tensor, [x, values, scaled, result]: Tensor[], count: number): Tensor {
  const n = values.shape[1]!;
  const largest = tf.slice(values, [0, n - 1], [-1, 1]);
  const own = tf.expandDims(tf.reverse(tf.slice(values, [0, n - count]), 1), 1);
  const inverse = (gaps: Tensor) => {
    const apart = tf.greater(tf.abs(gaps), tf.mul(tf.expandDims(largest, 1), TIE));
    return tf.divNoNan(tf.cast(apart, "float32"), gaps);
  };
  // 1 / (λᵢ − λⱼ) = 1 / λᵢ + λⱼ / (λᵢ (λᵢ − λⱼ)): the first part includes every vⱼ, the second only
  // the known ones.
  const between = tf.mul(
    inverse(tf.sub(own, tf.expandDims(values, 2))),
    tf.matMul(scaled, dy, true, false),
  );
  const along = tf.mul(result, tf.sum(tf.mul(result, dy), 1, true));
  const w = tf.mul(tf.add(tf.sub(dy, along), tf.matMul(scaled, between)), inverse(own));
  return tf.add(
    tf.matMul(tf.matMul(x, w), result, false, true),
    tf.matMul(tf.matMul(x, result), w, false, true),
  );
}
