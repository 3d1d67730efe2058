import * as tf from "@tensorflow/tfjs";
import { type Kept, nonMaxSuppression } from "../kernels/non_max_suppression.ts";
import type { Tensor } from "../kernels/tensor.ts";

/** The boxes of each image that non-maximum suppression keeps, best first. */
export interface KeptOfEach {
  /** Their indices, int32 [batch, limit]; 0 after the last one. */
  readonly indices: Tensor;
  /** Their scores, [batch, limit]; −∞ after the last one. */
  readonly scores: Tensor;
}

/** Suppresses boxes, [batch, boxes, 4], by scores, [batch, boxes], image by image. */
export function suppressEach(
  boxes: Tensor,
  scores: Tensor,
  suppress: (boxes: Tensor, scores: Tensor, image: number) => Kept,
): KeptOfEach {
  const scoresOf = tf.unstack(scores);
  const kept = tf.unstack(boxes).map((boxes, image) => {
    const { indices, count } = suppress(boxes, scoresOf[image], image);
    const isKept = tf.less(tf.range(0, indices.shape[0], 1, "int32"), count);
    const values = tf.gather(scoresOf[image], indices, 0);
    return { indices, scores: tf.where(isKept, values, tf.fill(values.shape, -Infinity)) };
  });
  return {
    indices: tf.stack(kept.map(({ indices }) => indices)),
    scores: tf.stack(kept.map(({ scores }) => scores)),
  };
}

/**
 * `nonMaxSuppression` of boxes, [boxes, 4], each of which only suppresses those of its own class,
 * [boxes]. Classes are moved apart on a square grid, because coordinates far from 0 lose digits.
 */
export function suppressPerClass(
  boxes: Tensor,
  scores: Tensor,
  classes: Tensor,
  limit: number,
  threshold: number,
): Kept {
  const label = tf.cast(classes, "float32");
  const columns = tf.add(tf.floor(tf.sqrt(tf.max(label))), 1);
  const row = tf.floor(tf.div(label, columns));
  const column = tf.sub(label, tf.mul(row, columns));
  const span = tf.add(tf.sub(tf.max(boxes), tf.min(boxes)), 1);
  const offsets = tf.mul(tf.stack([column, row, column, row], 1), span);
  return nonMaxSuppression(tf.add(boxes, offsets), scores, limit, threshold);
}
