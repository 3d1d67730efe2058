import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import { type Layer, module } from "./layer.ts";
import { constant } from "./variables.ts";

/** Added to a variance before the square root, as in vision transformers. */
const EPSILON = 1e-6;

/**
 * Normalises x along its last dimension to mean 0 and (biased) variance 1, then multiplies by
 * `scale` and adds `offset`, [channels] each. `epsilon` is added to the variance.
 */
export function layerNorm(x: Tensor, scale: Tensor, offset: Tensor, epsilon: number): Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  const normal = tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
  return tf.add(tf.mul(normal, scale), offset);
}

/** Layer normalisation along the last dimension (Ba et al., 2016), ε = 1e-6. */
export function layerNormalisation(): Layer {
  return (create, input) => {
    const channels = input.at(-1)!;
    const scale = create.variable("scale", [channels], constant(1));
    const offset = create.variable("offset", [channels], constant(0));
    return module(
      (x, pass) => layerNorm(x, pass.read(scale), pass.read(offset), EPSILON),
      input,
    );
  };
}
