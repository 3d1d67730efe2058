import * as tf from "@tensorflow/tfjs";
import { batchNorm, frozenNorm, type NormState, subBatchNorm } from "../kernels/batch_norm.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { type Layer, module, type Norm } from "./layer.ts";
import type { Pass } from "./pass.ts";
import { constant, type Initialiser, sizeOf, type Variable, type Variables } from "./variables.ts";

/** Added to a variance before the square root. */
export const EPSILON = 1e-5;

/** The share of a batch's statistics in the new running ones. */
const MOMENTUM = 0.1;

/** Makes the variables of a norm over this many channels. Default of `scale`: its factors are 1. */
export function normVariables(
  channels: number,
  create: Variables,
  scale: Initialiser = constant(1),
): Norm {
  return {
    scale: create.variable("scale", [channels], scale),
    offset: create.variable("offset", [channels], constant(0)),
    mean: create.variable("mean", [channels], constant(0), { trainable: false }),
    variance: create.variable("variance", [channels], constant(1), { trainable: false }),
  };
}

/** The factor of each channel of a norm with its initial statistics, computed on the host. */
export function frozenFactor({ scale, variance }: Norm, epsilon: number): Float32Array {
  const variances = variance.initial();
  return scale.initial().map((s, c) => s / Math.sqrt(variances[c] + epsilon));
}

/**
 * The offset of each channel of a norm with its initial statistics, computed on the host. `bias`:
 * that of the convolution before. Default: none.
 */
export function frozenOffset(norm: Norm, epsilon: number, bias?: Variable): Float32Array {
  const factor = frozenFactor(norm, epsilon);
  const mean = norm.mean.initial();
  const before = bias?.initial();
  return norm.offset.initial().map((offset, c) =>
    offset + ((before?.[c] ?? 0) - mean[c]) * factor[c]
  );
}

/** Reads a norm's variables in a pass. */
export function readNorm({ scale, offset, mean, variance }: Norm, pass: Pass): NormState {
  return {
    scale: pass.read(scale),
    offset: pass.read(offset),
    mean: pass.read(mean),
    variance: pass.read(variance),
  };
}

/**
 * Normalises x by the statistics of the batch, or of the samples in the pass's mask, over all
 * workers if the pass reduces. `bias`: that of the convolution before. Default: none.
 */
export function applyNorm(x: Tensor, variables: Norm, pass: Pass, bias?: Tensor): Tensor {
  const state = { ...readNorm(variables, pass), bias };
  const { out, mean, variance } = pass.mask || pass.reduce
    ? subBatchNorm(x, pass.mask ?? tf.ones([x.shape[0]]), state, EPSILON, MOMENTUM, pass.reduce)
    : batchNorm(x, state, EPSILON, MOMENTUM);
  pass.remember(variables.mean, mean);
  pass.remember(variables.variance, variance);
  return out;
}

/**
 * Batch normalisation without a convolution before it; see `convNorm`. Of a map, a sequence or a
 * vector, it normalises each channel, the last dimension, over all others.
 */
export function norm(): Layer {
  return (create, input) => {
    const variables = normVariables(input.at(-1)!, create);
    const run = (x: Tensor, pass: Pass) =>
      pass.learns(variables.scale)
        ? applyToMaps(x, (maps) => applyNorm(maps, variables, pass))
        : frozenNorm(x, readNorm(variables, pass), EPSILON);
    return module(run, input, 0, variables);
  };
}

/** Applies `apply` to numbers as maps, [batch, height, width, channels], of any other shape too. */
function applyToMaps(x: Tensor, apply: (maps: Tensor) => Tensor): Tensor {
  if (x.rank === 4) return apply(x);
  const [batch, ...others] = x.shape;
  const channels = others.pop()!;
  return tf.reshape(apply(tf.reshape(x, [batch, 1, sizeOf(others), channels])), x.shape);
}
