import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import { frozenFactors } from "../kernels/batch_norm.ts";
import { biasAdd } from "../kernels/bias_add.ts";
import { conv2d } from "../kernels/conv2d.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { Failure } from "../values/failure.ts";
import { defaultInitialisers, type Layer, module, type Norm } from "./layer.ts";
import { applyNorm, EPSILON, frozenFactor, frozenOffset, normVariables, readNorm } from "./norm.ts";
import type { Pass } from "./pass.ts";
import {
  constant,
  type Initialiser,
  normal,
  type Shape,
  sizeOf,
  type Variable,
  type Variables,
} from "./variables.ts";

/** Options of a convolution. */
export interface ConvOptions {
  /** Side of the square kernel. Default: 3. */
  readonly kernel?: number;
  /** Step in both directions. Default: 1. */
  readonly stride?: number;
  /** Zero padding on each side. Default: half the kernel, as in PyTorch's networks. */
  readonly padding?: number;
  /**
   * Number of groups of channels, each convolved separately. A depthwise convolution has as many
   * groups as channels. Default: 1.
   */
  readonly groups?: number;
  /** Whether to add a bias. Default: no. */
  readonly bias?: boolean;
  /** Initialiser of the weights. Default: N(0, 2 / (kernel² · out)), Kaiming by fan-out. */
  readonly initial?: Initialiser;
  /** Initialiser of the bias. Default: 0. */
  readonly biasInitial?: Initialiser;
}

/**
 * A 2-D convolution of [height, width, channels] to `channels` channels. The weights are [kernel,
 * kernel, in / groups, out].
 *
 * @example
 * ```ts
 * import { conv, relu, stage } from "@retort/retort";
 *
 * export const stem = stage(conv(64, { kernel: 7, stride: 2, bias: true }), relu());
 * ```
 */
export function conv(channels: number, options: ConvOptions = {}): Layer {
  return (create, input) => {
    const { weight, bias, stride, padding, shape, multiplyAdds } = convVariables(
      channels,
      options,
      create,
      input,
    );
    return module(
      (x, pass) => {
        const out = conv2d(x, pass.read(weight), stride, padding);
        return bias ? biasAdd(out, pass.read(bias)) : out;
      },
      shape,
      multiplyAdds,
    );
  };
}

/** Options of a convolution with a batch norm after it. */
export interface ConvNormOptions extends ConvOptions {
  /** Initialiser of the norm's factors. Default: 1. */
  readonly scaleInitial?: Initialiser;
}

/**
 * A convolution and the batch norm after it (Ioffe & Szegedy, 2015), ε = 1e-5. The running
 * statistics move by a tenth. If the norm uses running statistics, it is folded into the weights:
 * once if the network is fixed, else in each step.
 */
export function convNorm(channels: number, options: ConvNormOptions = {}): Layer {
  return (create, input) => {
    const parts = convVariables(channels, options, create, input);
    const { weight, bias, stride, padding, shape, multiplyAdds } = parts;
    const norm = normVariables(channels, create.in("norm"), options.scaleInitial);
    const folded = create.fixed ? foldedConv(parts, norm, EPSILON, create.in("folded")) : undefined;
    const frozen = (x: Tensor, pass: Pass): Tensor => {
      if (folded) return folded(x, pass);
      const [factor, offset] = frozenFactors(readNorm(norm, pass), EPSILON);
      const out = conv2d(x, tf.mul(pass.read(weight), factor), stride, padding);
      return biasAdd(out, bias ? tf.add(offset, tf.mul(pass.read(bias), factor)) : offset);
    };
    const live = (x: Tensor, pass: Pass): Tensor => {
      if (folded) {
        throw new Error(
          `${weight.name} belongs to a frozen network, which cannot be run live: make a copy of it`,
        );
      }
      const out = conv2d(x, pass.read(weight), stride, padding);
      return applyNorm(out, norm, pass, bias && pass.read(bias));
    };
    return module(
      (x, pass) => (pass.learns(norm.scale) ? live : frozen)(x, pass),
      shape,
      multiplyAdds,
      norm,
    );
  };
}

/** A convolution's variables and sizes. */
export interface ConvParts {
  readonly weight: Variable;
  /** `undefined` if it has none. */
  readonly bias: Variable | undefined;
  readonly stride: number;
  /** Pixels on each side. */
  readonly padding: number;
  /** The output's shape for one sample. */
  readonly shape: Shape;
  /** Multiply-adds for one sample. */
  readonly multiplyAdds: number;
}

/** Makes the variables of a convolution, and computes its sizes. */
export function convVariables(
  channels: number,
  options: ConvOptions,
  create: Variables,
  [height, width, input]: Shape,
): ConvParts {
  const { kernel = 3, stride = 1, padding = kernel >> 1, groups = 1 } = options;
  if (input % groups !== 0 || channels % groups !== 0) {
    throw new Failure(
      2,
      `${input} channels cannot become ${channels} in ${groups} groups: ${groups} must divide both`,
    );
  }
  const initial = options.initial ?? normal(Math.sqrt(2 / (kernel * kernel * channels)));
  const side = (length: number) => Math.floor((length + 2 * padding - kernel) / stride) + 1;
  const shape = [side(height), side(width), channels];
  return {
    weight: create.variable("weight", [kernel, kernel, input / groups, channels], initial),
    bias: options.bias
      ? create.variable("bias", [channels], options.biasInitial ?? constant(0))
      : undefined,
    stride,
    padding,
    shape,
    multiplyAdds: sizeOf(shape) * kernel * kernel * (input / groups),
  };
}

/**
 * Makes a convolution of a fixed network with its norm folded into weights and offset, computed on
 * the host from initial values.
 */
export function foldedConv(
  { weight, bias, stride, padding }: ConvParts,
  norm: Norm,
  epsilon: number,
  create: Variables,
): (x: Tensor, pass: Pass) => Tensor {
  const channels = weight.shape[3];
  const folded = create.derived("weight", weight.shape, () => {
    const factor = frozenFactor(norm, epsilon);
    const own = weight.initial();
    const values = new Float32Array(own.length);
    for (let i = 0; i < values.length; i++) values[i] = own[i] * factor[i % channels];
    return values;
  });
  const offset = create.derived("offset", [channels], () => frozenOffset(norm, epsilon, bias));
  return (x, pass) => biasAdd(conv2d(x, pass.read(folded), stride, padding), pass.read(offset));
}

/**
 * A transposed 2-D convolution to `channels` channels with a bias, weights [kernel, kernel, out,
 * in]. `doubling` doubles height and width with half the kernel as overlap (kernel 4, stride 2,
 * PyTorch's padding 1). `none` cuts nothing off: a side becomes (side − 1) · stride + kernel.
 * Weights and bias start like PyTorch's.
 */
export function transposedConv(
  channels: number,
  kernel: number,
  stride: number,
  padding: "doubling" | "none",
): Layer {
  return (create, [height, width, input]) => {
    const { initial, biasInitial } = defaultInitialisers(kernel * kernel * channels);
    const weight = create.variable("weight", [kernel, kernel, channels, input], initial);
    const bias = create.variable("bias", [channels], biasInitial);
    const side = (length: number) =>
      padding === "doubling" ? length * stride : (length - 1) * stride + kernel;
    const shape: [number, number, number] = [side(height), side(width), channels];
    const kind = padding === "doubling" ? "same" : "valid";
    return module(
      (x, pass) => {
        const filter = pass.read(weight) as Tensor4D;
        return biasAdd(
          tf.conv2dTranspose(x as Tensor4D, filter, [x.shape[0], ...shape], stride, kind),
          pass.read(bias),
        );
      },
      shape,
      height * width * input * kernel * kernel * channels,
    );
  };
}
