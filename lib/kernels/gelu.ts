import * as tf from "@tensorflow/tfjs";
import { customGradient } from "./custom_gradient.ts";
import type { Tensor } from "./tensor.ts";
import { nativeOr } from "./native.ts";

/**
 * The exact GELU, x · Φ(x) with the normal distribution's Φ(x) = (1 + erf(x / √2)) / 2 (Hendrycks &
 * Gimpel, 2016). On TensorFlow its slope is computed with the value, so that nothing else is kept
 * for the gradient, one multiplication. Runs its twin on tfjs's own backend.
 */
export function geluOp(x: Tensor): Tensor {
  return nativeOr(
    () => tf.mul(x, normalShare(tf.mul(x, Math.SQRT1_2))),
    () =>
      customGradient((...inputs) => {
        const [x, save] = inputs as unknown as [Tensor, tf.GradSaveFunc];
        const s = tf.mul(x, Math.SQRT1_2);
        const share = normalShare(s);
        // x times the density, in few passes: x · exp(−x² / 2) / √(2π) = s · exp(−s² − ln √π).
        const density = tf.exp(tf.sub(-Math.log(Math.PI) / 2, tf.square(s)));
        save([tf.add(share, tf.mul(s, density))]);
        return { value: tf.mul(x, share), gradFunc: (dy: Tensor, [slope]) => tf.mul(dy, slope) };
      })(x),
  );
}

/** Φ(√2 · s). */
function normalShare(s: Tensor): Tensor {
  return tf.mul(tf.add(tf.erf(s), 1), 0.5);
}
