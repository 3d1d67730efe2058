import type * as tf from "@tensorflow/tfjs";

/** An array of numbers inside a step, of any rank: tfjs's tensor. */
export type Tensor = tf.Tensor;
