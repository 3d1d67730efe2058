import * as tf from "@tensorflow/tfjs";
import { customGradient } from "./custom_gradient.ts";
import type { Tensor } from "./tensor.ts";
import { sumRows } from "./bias_add.ts";
import { matrixProduct } from "./linear.ts";
import { type Native, nativeOr } from "./native.ts";

/**
 * Normalises the rows of `x`, […, features], each by its own mean and variance, and scales them:
 * (x − mean) / √(variance + ε) · scale + offset (Ba et al., 2016). Scale and offset are [features].
 * Runs a gradient on TensorFlow that reads little twice, or its twin on tfjs's own backend.
 */
export function layerNormOp(x: Tensor, scale: Tensor, offset: Tensor, epsilon: number): Tensor {
  return nativeOr(
    () => {
      const { normal } = normalise(x, epsilon);
      return tf.add(tf.mul(normal, scale), offset);
    },
    (native) => {
      const features = x.shape.at(-1)!;
      const rows = tf.reshape(x, [x.size / features, features]);
      return tf.reshape(layerNormNative(native, rows, scale, offset, epsilon), x.shape);
    },
  );
}

function layerNormNative(
  native: Native,
  x: Tensor,
  scale: Tensor,
  offset: Tensor,
  epsilon: number,
): Tensor {
  return customGradient((...inputs) => {
    const [x, scale, offset, save] = inputs as unknown as [Tensor, Tensor, Tensor, tf.GradSaveFunc];
    const { normal, factor } = normalise(x, epsilon);
    save([normal, factor, scale]);
    return {
      value: tf.add(tf.mul(normal, scale), offset),
      gradFunc: (dy: Tensor, saved: Tensor[]) => gradients(native, dy, saved),
    };
  })(x, scale, offset);
}

/** The rows with mean 0 and variance 1, and the factor of each, 1 / √(variance + ε). */
function normalise(x: Tensor, epsilon: number): { normal: Tensor; factor: Tensor } {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  const factor = tf.rsqrt(tf.add(variance, epsilon));
  return { normal: tf.mul(centred, factor), factor };
}

/** The gradients with respect to x, scale and offset. */
function gradients(native: Native, dy: Tensor, [normal, factor, scale]: Tensor[]): Tensor[] {
  const features = scale.shape[0];
  // The mean of a row's values times the scales, in one pass.
  const shares = tf.reshape(tf.div(scale, features), [features, 1]);
  const mean = (rows: Tensor) => matrixProduct(native, rows, shares);
  const along = tf.mul(dy, normal);
  const dx = tf.mul(
    tf.sub(tf.sub(tf.mul(dy, scale), tf.mul(normal, mean(along))), mean(dy)),
    factor,
  );
  return [dx, sumRows(native, along), sumRows(native, dy)];
}
