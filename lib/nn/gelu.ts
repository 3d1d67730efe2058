import { gelu } from "../kernels/gelu.ts";
import { type Layer, module } from "./layer.ts";

/** The Gaussian error linear unit, x · Φ(x) (Hendrycks & Gimpel, 2016). */
export function geluActivation(): Layer {
  return (_, input) => module((x) => gelu(x), input);
}
