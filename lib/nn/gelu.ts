import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import { type Layer, module } from "./layer.ts";

/** x · Φ(x), where Φ is the standard normal distribution's, not its approximation by tanh. */
export function gelu(x: Tensor): Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
}

/** The Gaussian error linear unit, x · Φ(x) (Hendrycks & Gimpel, 2016). */
export function geluActivation(): Layer {
  return (_, input) => module((x) => gelu(x), input);
}
