import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { nativeOr } from "./native.ts";

/**
 * The exact GELU, x · Φ(x) with the normal distribution's Φ(x) = (1 + erf(x / √2)) / 2 (Hendrycks &
 * Gimpel, 2016). In an evaluation TensorFlow fuses it with the product before it. On TensorFlow its
 * slope is computed with the value, so that nothing else is kept for the gradient, one
 * multiplication. Runs its twin on tfjs's own backend.
 */
export function gelu(x: Tensor): Tensor {
  return nativeOr(() => tf.mul(x, normalShare(x)), () =>
    tf.customGrad((...inputs) => {
      const [x, save] = inputs as unknown as [Tensor, tf.GradSaveFunc];
      const share = normalShare(x);
      const density = tf.exp(tf.mul(tf.square(x), -0.5));
      save([tf.add(share, tf.mul(tf.mul(x, density), 1 / Math.sqrt(2 * Math.PI)))]);
      return { value: tf.mul(x, share), gradFunc: (dy: Tensor, [slope]) => tf.mul(dy, slope) };
    })(x));
}

/** Φ(x). */
function normalShare(x: Tensor): Tensor {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}
