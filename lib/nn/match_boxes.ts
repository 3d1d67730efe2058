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
  const slots = tf.expandDims(tf.range(0, truths, 1, "int32"), 1);
  const isMissing = tf.cast(
    tf.greaterEqual(slots, tf.reshape(count, [batch, 1, 1])),
    "float32",
  );
  // A missing truth is worse than any, and no candidate is its best.
  const values = tf.sub(quality, tf.mul(isMissing, 2));
  const best = tf.max(values, 1);
  const index = tf.argMax(values, 1);
  const all = (value: number) => tf.fill([batch, candidates!], value, "int32");
  const otherwise = tf.where(tf.less(best, low), all(UNMATCHED.below), all(UNMATCHED.between));
  const isGood = tf.greaterEqual(best, high);
  if (!bestOfEach) return tf.where(isGood, index, otherwise);
  const bestOf = tf.add(tf.max(values, 2, true), tf.mul(isMissing, 4));
  const isBest = tf.any(tf.equal(values, bestOf), 1);
  return tf.where(tf.logicalOr(isGood, isBest), index, otherwise);
}
