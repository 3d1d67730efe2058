import * as tf from "@tensorflow/tfjs";
import type { Term } from "../../experiment/distiller.ts";
import { shortestMixture } from "../../kernels/shortest_mixture.ts";
import { flat, gram, masked, safeSqrt, stop, unitRows } from "../../nn/ops.ts";
import type { Tensor } from "../../kernels/tensor.ts";

/** How losses are weighed. */
export interface Weighing {
  /** The most that one of them may count. */
  readonly most: number;
  /** Whether the lengths of their gradients do not count. */
  readonly directions: boolean;
  /** What all count together. */
  readonly weight: number | Tensor;
  /** Which samples do. */
  readonly mask: Tensor | undefined;
}

/** Losses of x, [batch, …], per sample, weighed by the gradients that they have there. */
export function weighedByGradients(
  x: Tensor,
  losses: readonly ((x: Tensor) => Tensor)[],
  { most, directions, weight, mask }: Weighing,
): Term[] {
  const chosen = mask ?? tf.ones([x.shape[0]]);
  const found = losses.map((loss) => tf.valueAndGrad(loss)(x, chosen));
  const gradients = stop(tf.stack(found.map(({ grad }) => flat(tf.sum(grad, 0, true)))));
  const shares = tf.unstack(agreement(tf.squeeze(gradients, [1]), most, directions));
  return found.map(({ value }, i) => [tf.mul(shares[i], weight), masked(value, mask)]);
}

/** The weights of gradients, [count, …], by which their mixture is the shortest. */
function agreement(gradients: Tensor, most: number, directions: boolean): Tensor {
  if (!directions) return shortestMixture(gram(gradients), most);
  const lengths = safeSqrt(tf.sum(tf.square(gradients), 1));
  const mixture = shortestMixture(gram(unitRows(gradients)), most);
  const weights = tf.div(mixture, tf.maximum(lengths, 1e-12));
  return tf.div(weights, tf.sum(weights));
}
