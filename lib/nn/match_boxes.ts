import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import { boxIou } from "./boxes.ts";

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
 * Matches candidates, [candidates, 4] or [batch, candidates, 4], with the boxes of truths, [batch,
 * truths, 4], both x1, y1, x2, y2, by their intersections over union. See `matchQuality`. Compares
 * a group of truths after the other, because those of all with all anchors of a large image take
 * gigabytes: `pairs` of an image at a time, or more where a single truth has more. Default: 2²².
 */
export function matchBoxes(
  truths: Tensor,
  candidates: Tensor,
  count: Tensor,
  options: MatchOptions,
  pairs = 2 ** 22,
): Tensor {
  const [batch, slots] = truths.shape as [number, number];
  const columns = candidates.shape.at(-2)!;
  const group = Math.min(slots, Math.max(1, Math.floor(pairs / columns)));
  let found = nothing(batch, columns);
  for (let first = 0; first < slots; first += group) {
    const some = tf.slice(truths, [0, first, 0], [-1, Math.min(group, slots - first), -1]);
    const quality = boxIou(some, first === 0 ? candidates : after(candidates, found.best));
    found = better(found, find(quality, count, first));
  }
  return decide(found, options);
}

/**
 * Matches candidates with truths by the `quality` of each pair, [batch, truths, candidates], of
 * which the first `count`, int32 [batch], truths of each image are real. Gives each candidate the
 * index of its best truth, the first of equal ones, or `UNMATCHED`: int32 [batch, candidates]. A
 * truth that overlaps nothing is as good with every candidate that it does not overlap (torchvision
 * and detectron2).
 */
export function matchQuality(quality: Tensor, count: Tensor, options: MatchOptions): Tensor {
  return decide(find(quality, count, 0), options);
}

/** What is known of each candidate, [batch, candidates]. */
interface Found {
  /** The quality of its best truth, less than 0 without one. */
  readonly best: Tensor;
  /** The index of its best truth, int32. */
  readonly index: Tensor;
  /** Whether no candidate is better for one of the truths, bool. */
  readonly isBest: Tensor;
}

function nothing(batch: number, candidates: number): Found {
  const shape = [batch, candidates];
  return {
    best: tf.fill(shape, -1),
    index: tf.zeros(shape, "int32"),
    isBest: tf.zeros(shape, "bool"),
  };
}

/** Looks at a group of truths, of which the first has the index `first`. */
function find(quality: Tensor, count: Tensor, first: number): Found {
  const [batch, truths] = quality.shape as [number, number];
  const slots = tf.expandDims(tf.range(first, first + truths, 1, "int32"), 1);
  const isMissing = tf.cast(tf.greaterEqual(slots, tf.reshape(count, [batch, 1, 1])), "float32");
  // A missing truth is worse than any, and no candidate is its best.
  const values = tf.sub(quality, tf.mul(isMissing, 2));
  const bestOf = tf.add(tf.max(values, 2, true), tf.mul(isMissing, 4));
  return {
    best: tf.max(values, 1),
    index: tf.add(tf.argMax(values, 1), tf.scalar(first, "int32")),
    isBest: tf.any(tf.equal(values, bestOf), 1),
  };
}

/** What is known after two groups; of equal truths the first is the better one. */
function better(a: Found, b: Found): Found {
  return {
    best: tf.maximum(a.best, b.best),
    index: tf.where(tf.greater(b.best, a.best), b.index, a.index),
    isBest: tf.logicalOr(a.isBest, b.isBest),
  };
}

function decide(
  { best, index, isBest }: Found,
  { high, low = high, bestOfEach = false }: MatchOptions,
): Tensor {
  const all = (value: number) => tf.fill(best.shape, value, "int32");
  const isGood = tf.greaterEqual(best, high);
  return tf.where(
    bestOfEach ? tf.logicalOr(isGood, isBest) : isGood,
    index,
    tf.where(tf.less(best, low), all(UNMATCHED.below), all(UNMATCHED.between)),
  );
}

/** x, but computed after `first`: TensorFlow computes at once whatever depends on nothing. */
function after(x: Tensor, first: Tensor): Tensor {
  const one = tf.slice(tf.reshape(first, [-1]), [0], [1]);
  // No quality is so bad.
  return tf.where(tf.less(one, -100), tf.zerosLike(x), x);
}
