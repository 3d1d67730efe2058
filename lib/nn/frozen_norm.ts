import * as tf from "@tensorflow/tfjs";
import { biasAdd } from "../kernels/bias_add.ts";
import { conv2d } from "../kernels/conv2d.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { type ConvOptions, convVariables, foldedConv } from "./conv.ts";
import { type Layer, module, type Norm } from "./layer.ts";
import { EPSILON, frozenFactor, frozenOffset } from "./norm.ts";
import type { Pass } from "./pass.ts";
import { constant, type Variables } from "./variables.ts";

/** Options of a convolution with a frozen norm after it. */
export interface FrozenConvNormOptions extends ConvOptions {
  /** Added to a variance before the square root. Default: 1e-5. */
  readonly epsilon?: number;
}

/**
 * A convolution and a norm after it that never changes: x · s + (β − μ · s), s = γ / √(σ² + ε), with
 * the values that its four variables start at. Folded into the weights: once if the network is
 * fixed, else in each step.
 */
export function frozenConvNorm(channels: number, options: FrozenConvNormOptions = {}): Layer {
  const { epsilon = EPSILON } = options;
  return (create, input) => {
    const parts = convVariables(channels, options, create, input);
    const { weight, bias, stride, padding, shape, multiplyAdds } = parts;
    const norm = frozenNormVariables(channels, create.frozen().in("norm"));
    const folded = create.in("folded");
    if (create.fixed) {
      return module(foldedConv(parts, norm, epsilon, folded), shape, multiplyAdds, norm);
    }
    const factor = folded.derived("factor", [channels], () => frozenFactor(norm, epsilon));
    const offset = folded.derived("offset", [channels], () => frozenOffset(norm, epsilon));
    const run = (x: Tensor, pass: Pass) => {
      const scale = pass.read(factor);
      const out = conv2d(x, tf.mul(pass.read(weight), scale), stride, padding);
      const shift = pass.read(offset);
      return biasAdd(out, bias ? tf.add(shift, tf.mul(pass.read(bias), scale)) : shift);
    };
    return module(run, shape, multiplyAdds, norm);
  };
}

/** The variables of a norm that never changes, [channels] each: statistics, no parameters. */
function frozenNormVariables(channels: number, create: Variables): Norm {
  const variable = (name: string, value: number) =>
    create.variable(name, [channels], constant(value), { trainable: false });
  return {
    scale: variable("scale", 1),
    offset: variable("offset", 0),
    mean: variable("mean", 0),
    variance: variable("variance", 1),
  };
}
