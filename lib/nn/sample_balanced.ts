import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";

/** Candidates that were sampled, in slots of which only the first ones need be taken. */
export interface Sample {
  /** The candidate in each slot, int32 [batch, slots]. */
  readonly indices: Tensor;
  /** 1 for each slot that is taken, else 0: [batch, slots]. */
  readonly mask: Tensor;
}

/** How many candidates of an image are sampled. */
export interface SampleOptions {
  /** The number of slots. There are never more than candidates. */
  readonly slots: number;
  /** The largest share of positives in the slots. */
  readonly positive: number;
}

/**
 * Samples candidates of each image without replacement: positives up to their share, rounded down,
 * and negatives up to the number of slots. `isPositive` and `isNegative`, bool [batch, candidates],
 * exclude each other; what is neither is never taken. `uniform` has a random number for each
 * candidate, [batch, candidates], at least 0. Positives are first.
 */
export function sampleBalanced(
  isPositive: Tensor,
  isNegative: Tensor,
  uniform: Tensor,
  { slots, positive }: SampleOptions,
): Sample {
  const slotsOf = (limit: number) => Math.min(limit, uniform.shape[1]!);
  const [some, others] = [
    draw(isPositive, uniform, slotsOf(Math.floor(slots * positive))),
    draw(isNegative, uniform, slotsOf(slots)),
  ];
  const indices = tf.concat([some.indices, others.indices], 1);
  const taken = tf.concat([some.mask, others.mask], 1);
  // Of equal values the first is the larger one: what is taken moves to the front.
  const front = tf.topk(taken, slotsOf(slots));
  return { indices: tf.gather(indices, front.indices, 1, 1), mask: front.values };
}

/** Draws `slots` of the allowed candidates, those with the largest random numbers. */
function draw(isAllowed: Tensor, uniform: Tensor, slots: number): Sample {
  const keys = tf.where(isAllowed, uniform, tf.fill(uniform.shape, -1));
  const { values, indices } = tf.topk(keys, slots);
  return { indices, mask: tf.cast(tf.greaterEqual(values, 0), "float32") };
}

/** Marks the sampled ones of all candidates: [batch, candidates] of 0 and 1. */
export function markSampled({ indices, mask }: Sample, candidates: number): Tensor {
  const [batch, slots] = indices.shape;
  const starts = tf.mul(tf.range(0, batch, 1, "int32"), tf.scalar(candidates, "int32"));
  const places = tf.reshape(tf.add(indices, tf.expandDims(starts, 1)), [batch * slots!, 1]);
  const marks = tf.scatterND(places, tf.reshape(mask, [batch * slots!]), [batch * candidates]);
  return tf.reshape(marks, [batch, candidates]);
}
