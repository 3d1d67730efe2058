import * as tf from "@tensorflow/tfjs";
import type { Gradients } from "../experiment/optimizer.ts";
import type { Variable } from "../nn/variables.ts";

/**
 * Scales gradients down so that the L2 norm of all of them together is at most `longest`, as
 * PyTorch's `clip_grad_norm_` does. The gradient of a variable is the sum over its groups of terms.
 */
export function clipGradients(
  gradients: ReadonlyMap<Variable, Gradients>,
  longest: number,
): Map<Variable, Gradients> {
  const squares = Array.from(gradients.values(), (groups) => {
    const present = groups.flatMap((gradient) => gradient ?? []);
    return tf.sum(tf.square(present.length === 1 ? present[0] : tf.addN(present)));
  });
  if (squares.length === 0) return new Map();
  const norm = tf.sqrt(tf.addN(squares));
  const share = tf.minimum(1, tf.div(longest, tf.add(norm, TINY)));
  return new Map(Array.from(gradients, ([variable, groups]) => [
    variable,
    groups.map((gradient) => gradient && tf.mul(gradient, share)),
  ]));
}

/** Added to the norm, as in PyTorch: a gradient of 0 stays 0. */
const TINY = 1e-6;
