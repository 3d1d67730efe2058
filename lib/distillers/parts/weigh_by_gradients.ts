import * as tf from "@tensorflow/tfjs";
import type { Term } from "../../experiment/distiller.ts";
import { exactProduct, shortestMixture } from "../../kernels/shortest_mixture.ts";
import { applyMask, safeSqrt, stopGradient, unitRows } from "../../nn/ops.ts";
import type { Tensor } from "../../kernels/tensor.ts";

/** How to weigh losses. */
export interface WeighingOptions {
  /** Largest weight of one loss. */
  readonly most: number;
  /** Whether only the directions of the gradients count, not their lengths. */
  readonly directions: boolean;
  /** Sum of all weights. */
  readonly weight: number | Tensor;
  /** Samples that learn, [batch] of 0 and 1; `undefined` if all do. */
  readonly mask: Tensor | undefined;
}

/** The most losses to weigh: `shortestMixture` tries about 3ⁿ faces for n of them. */
export const MOST_WEIGHED = 8;

/** Losses of x, [batch, …], for each sample, weighed by their gradients at x. */
export function weighByGradients(
  x: Tensor,
  losses: readonly ((x: Tensor) => Tensor)[],
  { most, directions, weight, mask }: WeighingOptions,
): Term[] {
  const chosen = mask ?? tf.ones([x.shape[0]]);
  const results = losses.map((loss) => tf.valueAndGrad(loss)(x, chosen));
  const gradients = stopGradient(
    tf.stack(results.map(({ grad }) => tf.reshape(tf.sum(grad, 0), [-1]))),
  );
  const shares = tf.unstack(agreement(gradients, most, directions));
  return results.map(({ value }, i) => [tf.mul(shares[i], weight), applyMask(value, mask)]);
}

/** The weights of gradients, [count, length], that make their mixture shortest. */
function agreement(gradients: Tensor, most: number, directions: boolean): Tensor {
  if (!directions) return shortestMixture(innerProducts(gradients), most);
  const lengths = safeSqrt(tf.sum(tf.square(gradients), 1));
  const mixture = shortestMixture(innerProducts(unitRows(gradients)), most);
  const weights = tf.div(mixture, tf.maximum(lengths, 1e-12));
  return tf.div(weights, tf.sum(weights));
}

/** The inner products of rows. */
function innerProducts(rows: Tensor): Tensor {
  return exactProduct(rows, tf.transpose(rows));
}
