import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";

/**
 * The weights aₘ, [count], of the shortest mixture Σ aₘ vₘ of vectors with these inner products,
 * [count, count], subject to Σ aₘ = 1 and 0 ≤ aₘ ≤ `most` (raised to 1 / count if less). Exact: on
 * every face of the feasible set the shortest mixture solves linear equations, and one of these
 * mixtures is the result. The number of faces is of the order of 3 to the power of `count`.
 */
export function shortestMixture(products: Tensor, most: number): Tensor {
  const count = products.shape[0];
  const bound = Math.min(1, Math.max(most, 1 / count));
  const { free, held } = faces(count, bound);
  const left = tf.sub(1, tf.sum(held, 1, true));
  const scale = tf.maximum(tf.mean(tf.sum(tf.mul(products, tf.eye(count)), 1)), 1e-30);
  // Linearly dependent vectors have many shortest mixtures. A slightly larger diagonal leaves one.
  const gram = tf.add(tf.div(products, scale), tf.mul(tf.eye(count), 1e-6)) as Tensor2D;
  const [pairs, others] = [tf.mul(tf.expandDims(free, 2), tf.expandDims(free, 1)), tf.sub(1, free)];
  const among = tf.add(tf.mul(pairs, gram), tf.mul(tf.expandDims(others, 2), tf.eye(count)));
  const [ones, pull] = solve(among, [free, tf.mul(free, exactProduct(held, gram))]);
  const rate = tf.div(tf.add(left, tf.sum(pull, 1, true)), tf.sum(ones, 1, true));
  const mixtures = tf.add(tf.sub(tf.mul(rate, ones), pull), held);
  const feasible = tf.clipByValue(mixtures, 0, bound);
  const outside = tf.greater(tf.max(tf.abs(tf.sub(mixtures, feasible)), 1), 1e-5);
  const lengths = tf.sum(tf.mul(exactProduct(feasible, gram), feasible), 1);
  const candidates = tf.where(outside, tf.fill([free.shape[0]], Infinity), lengths);
  // The mean of equally short mixtures is as short.
  const shortest = tf.cast(tf.equal(candidates, tf.min(candidates)), "float32");
  return tf.div(tf.sum(tf.mul(tf.expandDims(shortest, 1), feasible), 0), tf.sum(shortest));
}

/** A product of two matrices, which stays float32 where products are computed in bfloat16. */
export function exactProduct(a: Tensor, b: Tensor): Tensor {
  return tf.sum(tf.mul(tf.expandDims(a, 2), tf.expandDims(b, 0)), 1);
}

/**
 * Every way to hold some weights at 0 or `bound` and leave others free, [faces, count]. `free` is 1
 * for each free weight, `held` has the values of the others.
 */
function faces(count: number, bound: number): { free: Tensor2D; held: Tensor2D } {
  const ways = Array.from(
    { length: 3 ** count },
    (_, way) => Array.from({ length: count }, (_, i) => Math.floor(way / 3 ** i) % 3),
  );
  const possible = ways.filter((way) => {
    const [free, full] = [0, 2].map((kind) => way.filter((one) => one === kind).length);
    return free > 0 && full * bound <= 1 && (full + free) * bound >= 1;
  });
  return {
    free: tf.tensor2d(possible.map((way) => way.map((one) => one === 0 ? 1 : 0))),
    held: tf.tensor2d(possible.map((way) => way.map((one) => one === 2 ? bound : 0))),
  };
}

/**
 * Solves A x = y by elimination for each of `sides`: A positive definite, [systems, count, count],
 * y [systems, count].
 */
function solve(a: Tensor, sides: readonly Tensor[]): Tensor[] {
  const count = a.shape[1]!;
  let table = tf.concat([a, ...sides.map((side) => tf.expandDims(side, 2))], 2);
  for (let k = 0; k < count; k++) {
    const row = tf.slice(table, [0, k, 0], [-1, 1, -1]);
    const column = tf.slice(table, [0, 0, k], [-1, -1, 1]);
    const pivot = tf.slice(column, [0, k, 0], [-1, 1, -1]);
    const own = tf.oneHot([k], count, 1, 0, "float32");
    const factors = tf.sub(tf.reshape(own, [1, count, 1]), column);
    table = tf.add(table, tf.mul(factors, tf.div(row, pivot)));
  }
  return sides.map((_, i) => tf.squeeze(tf.slice(table, [0, 0, count + i], [-1, -1, 1]), [2]));
}
