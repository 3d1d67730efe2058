import * as tf from "@tensorflow/tfjs";
import { type Layer, module } from "./layer.ts";

/**
 * Stochastic depth (Huang et al., 2016): sets a branch to 0 for a share `rate` of the samples, and
 * divides it by 1 − rate for the others. In a pass without random numbers, as when a network is
 * evaluated, it changes nothing.
 */
export function dropPath(rate: number): Layer {
  return (_, input) =>
    module((x, { random }) => {
      if (rate === 0 || !random) return x;
      const [batch] = x.shape;
      const isKept = tf.greaterEqual(random.uniform([batch]), rate);
      const factor = tf.div(tf.cast(isKept, "float32"), 1 - rate);
      return tf.mul(x, tf.reshape(factor, [batch, ...input.map(() => 1)]));
    }, input);
}

/**
 * The rates of `depth` blocks, which rise evenly from 0, the first block's, to `rate`, the last
 * one's. A single block has 0.
 */
export function dropPathRates(rate: number, depth: number): number[] {
  return Array.from({ length: depth }, (_, i) => i === 0 ? 0 : rate * i / (depth - 1));
}
