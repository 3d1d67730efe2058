import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";

/** In place of the index of a truth: what a candidate without one is. */
export const UNMATCHED = { below: -1, between: -2 } as const;

/** How good a match must be. */
export interface MatchOptions {
  /** The least intersection over union of a match. */
  readonly high: number;
  /** What is less is background; what lies between is neither. Default: `high`. */
  readonly low?: number;
  /**
   * Whether the best candidates of each truth are matches however bad they are; every one of equal
   * ones. Default: no.
   */
  readonly bestOfEach?: boolean;
}

/**
 * Matches candidates with truths by their intersections over union, `quality`, [batch, truths,
 * candidates], of which the first `count`, int32 [batch], truths of each image are real. Gives each
 * candidate the index of its best truth, the first of equal ones, or `UNMATCHED`: int32 [batch,
 * candidates]. A truth that overlaps nothing is as good with every candidate that it does not
 * overlap (torchvision and detectron2).
 */
export function matchBoxes(
  quality: Tensor,
  count: Tensor,
  { high, low = high, bestOfEach = false }: MatchOptions,
): Tensor {
  const [batch, truths, candidates] = quality.shape;
  const real = tf.reshape(tf.less(tf.range(0, truths, 1, "int32"), tf.expandDims(count, 1)), [
    batch,
    truths,
    1,
  ]);
  const values = tf.where(real, quality, tf.fill([batch, truths, candidates!], -1));
  const best = tf.max(values, 1);
  const index = tf.argMax(values, 1);
  const all = (value: number) => tf.fill([batch, candidates!], value, "int32");
  const otherwise = tf.where(
    tf.less(best, low),
    all(UNMATCHED.below),
    all(UNMATCHED.between),
  );
  const isGood = tf.greaterEqual(best, high);
  if (!bestOfEach) return tf.where(isGood, index, otherwise);
  const isBest = tf.any(tf.logicalAnd(real, tf.equal(values, tf.max(values, 2, true))), 1);
  return tf.where(tf.logicalOr(isGood, isBest), index, otherwise);
}
