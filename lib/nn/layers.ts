import * as tf from "@tensorflow/tfjs";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import { Failure } from "../values/failure.ts";
import { batchNorm, frozenFactors, frozenNorm, type NormState, subBatchNorm } from "../kernels/batch_norm.ts";
import { biasAdd } from "../kernels/bias_add.ts";
import { conv2d } from "../kernels/conv2d.ts";
import { pad } from "../kernels/pad.ts";
import { leakyRelu as leak, relu as rectify } from "../kernels/relu.ts";
import { shuffleChannels } from "../kernels/shuffle_channels.ts";
import { stop } from "./ops.ts";
import {
  constant,
  type Initialiser,
  normal,
  type Shape,
  sizeOf,
  uniform,
  type Variable,
  type Variables,
} from "./variables.ts";

/**
 * How a network is run. `live`: batch statistics, gradients to the weights, running statistics remembered. `frozen`:
 * running statistics (those that the live pass of the same step produced, where there was one), no gradient to the
 * weights; gradients still flow through to the input.
 */
export interface Pass {
  /** Whether batch statistics are used and the running ones move. */
  readonly training: boolean;
  /** Whether it may change a variable; a norm whose own it leaves alone uses running statistics. */
  learns(variable: Variable): boolean;
  /** A variable's values in this pass. */
  read(variable: Variable): Tensor;
  /** Takes a statistic's next value; it is written when the step is done. */
  remember(variable: Variable, value: Tensor): void;
  /** Which samples batch statistics are of, [batch] of 0 and 1; absent: all. */
  readonly mask?: Tensor;
  /** Whether they are of the whole batch even at a spot where only some samples learn; no. */
  readonly whole?: boolean;
}

/**
 * A pass for a module at a spot where `mask` ([batch] of 0 and 1) says which samples learn: batch statistics are theirs
 * alone, as if they were the batch, unless the pass wants those of the `whole` batch. Without a mask the pass itself.
 */
export function among(pass: Pass, mask: Tensor | undefined): Pass {
  return mask && !pass.whole ? { ...pass, mask } : pass;
}

/**
 * The two passes of one step, and every statistic they remember in the order it came: the last value of a variable counts.
 * The live one leaves the variables `untouched` alone.
 */
export function passes(
  untouched: ReadonlySet<Variable> = new Set(),
): { live: Pass; frozen: Pass; remembered: (readonly [Variable, Tensor])[] } {
  const remembered: (readonly [Variable, Tensor])[] = [], latest = new Map<Variable, Tensor>();
  const read = (variable: Variable) => latest.get(variable) ?? variable.value;
  const live: Pass = {
    training: true,
    learns: (variable) => !untouched.has(variable),
    read,
    remember(variable, value) {
      remembered.push([variable, value]);
      latest.set(variable, value);
    },
  };
  const frozen: Pass = {
    training: false,
    learns: () => false,
    read: (variable) => stop(read(variable)),
    remember: (variable) => {
      throw new Error(`a frozen pass has no statistics to remember (${variable.name})`);
    },
  };
  return { live, frozen, remembered };
}

/** A layer that has its variables: a function of a batch. */
export interface Module {
  (x: Tensor, pass: Pass): Tensor;
  /** What comes out for each sample. */
  readonly shape: Shape;
  /** Multiply-adds of convolutions and dense layers for one sample. */
  readonly multiplyAdds: number;
  /** The norm that its output comes from, or the output's main branch; absent where there is none. */
  readonly norm?: Norm;
}

/** A batch norm's variables, [channels] each. */
export interface Norm {
  /** Factor γ. */
  readonly scale: Variable;
  /** Offset β. */
  readonly offset: Variable;
  /** The running mean. */
  readonly mean: Variable;
  /** The running variance. */
  readonly variance: Variable;
}

/** A layer as it is described: given where to make variables and what comes in, the function it becomes. */
export type Layer = (create: Variables, input: Shape) => Module;

/** Makes a module of its parts. */
export function module(run: (x: Tensor, pass: Pass) => Tensor, shape: Shape, multiplyAdds = 0, norm?: Norm): Module {
  return Object.assign((x: Tensor, pass: Pass) => run(x, pass), { shape, multiplyAdds, norm });
}

/** What a convolution can be asked for besides its size. */
export interface ConvOptions {
  /** Side of the square kernel; 3 by default. */
  readonly kernel?: number;
  /** Step in both directions; 1 by default. */
  readonly stride?: number;
  /** Zero padding on each side; half the kernel by default, as PyTorch's networks are written. */
  readonly padding?: number;
  /** Into how many groups the channels are split, each convolved on its own; 1 by default, as many as channels for a depthwise one. */
  readonly groups?: number;
  /** Whether a bias is added; no by default. */
  readonly bias?: boolean;
  /** How the weights start; by default N(0, 2 / (kernel² · out)), Kaiming by fan-out. */
  readonly initial?: Initialiser;
  /** How the bias starts; by default at 0. */
  readonly biasInitial?: Initialiser;
}

/** How PyTorch starts weights and bias of a layer where nothing else is said: U(±1/√fan-in). */
export function byDefault(fanIn: number): { initial: Initialiser; biasInitial: Initialiser } {
  const initial = uniform(1 / Math.sqrt(fanIn));
  return { initial, biasInitial: initial };
}

/** A 2-D convolution to `channels`, over [height, width, channels]; weights are [kernel, kernel, in / groups, out]. */
export function conv(channels: number, options: ConvOptions = {}): Layer {
  return (create, input) => {
    const { weight, bias, stride, padding, shape, multiplyAdds } = convVariables(channels, options, create, input);
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

/**
 * A convolution and the batch norm behind it, ε = 1e-5, running statistics moved by a tenth (Ioffe & Szegedy, 2015). By
 * running statistics the norm is folded into the weights: once for all where the network is fixed, else in the step.
 */
export function convNorm(channels: number, options: ConvOptions = {}): Layer {
  return (create, input) => {
    const { weight, bias, stride, padding, shape, multiplyAdds } = convVariables(channels, options, create, input);
    const norm = normVariables(channels, create.in("norm"));
    const folded = create.fixed ? foldedVariables(weight, bias, norm, create.in("folded")) : undefined;
    const frozen = (x: Tensor, pass: Pass): Tensor => {
      if (folded) return biasAdd(conv2d(x, pass.read(folded.weight), stride, padding), pass.read(folded.offset));
      const [factor, offset] = frozenFactors(readNorm(norm, pass), EPSILON);
      const out = conv2d(x, tf.mul(pass.read(weight), factor), stride, padding);
      return biasAdd(out, bias ? tf.add(offset, tf.mul(pass.read(bias), factor)) : offset);
    };
    const live = (x: Tensor, pass: Pass): Tensor => {
      if (folded) {
        throw new Error(`${weight.name} belongs to a frozen network, which cannot be run live: make a copy of it`);
      }
      const out = conv2d(x, pass.read(weight), stride, padding);
      return normalise(out, norm, pass, bias && pass.read(bias));
    };
    return module((x, pass) => (pass.learns(norm.scale) ? live : frozen)(x, pass), shape, multiplyAdds, norm);
  };
}

const EPSILON = 1e-5, MOMENTUM = 0.1;

function convVariables(channels: number, options: ConvOptions, create: Variables, [height, width, input]: Shape) {
  const { kernel = 3, stride = 1, padding = kernel >> 1, groups = 1 } = options;
  if (input % groups !== 0 || channels % groups !== 0) {
    throw new Failure(
      2,
      `${input} channels cannot become ${channels} in ${groups} groups: both must be multiples of it`,
    );
  }
  const initial = options.initial ?? normal(Math.sqrt(2 / (kernel * kernel * channels)));
  const side = (length: number) => Math.floor((length + 2 * padding - kernel) / stride) + 1;
  const shape = [side(height), side(width), channels];
  return {
    weight: create.variable("weight", [kernel, kernel, input / groups, channels], initial),
    bias: options.bias ? create.variable("bias", [channels], options.biasInitial ?? constant(0)) : undefined,
    stride,
    padding,
    shape,
    multiplyAdds: sizeOf(shape) * kernel * kernel * (input / groups),
  };
}

function normVariables(channels: number, create: Variables): Norm {
  return {
    scale: create.variable("scale", [channels], constant(1)),
    offset: create.variable("offset", [channels], constant(0)),
    mean: create.variable("mean", [channels], constant(0), { trainable: false }),
    variance: create.variable("variance", [channels], constant(1), { trainable: false }),
  };
}

function readNorm({ scale, offset, mean, variance }: Norm, pass: Pass): NormState {
  return {
    scale: pass.read(scale),
    offset: pass.read(offset),
    mean: pass.read(mean),
    variance: pass.read(variance),
  };
}

function normalise(x: Tensor, variables: Norm, pass: Pass, bias?: Tensor): Tensor {
  const state = { ...readNorm(variables, pass), bias };
  const { out, mean, variance } = pass.mask
    ? subBatchNorm(x, pass.mask, state, EPSILON, MOMENTUM)
    : batchNorm(x, state, EPSILON, MOMENTUM);
  pass.remember(variables.mean, mean);
  pass.remember(variables.variance, variance);
  return out;
}

/** Weights and offset of a convolution that has the norm behind it in them, computed on the host from initial values. */
function foldedVariables(weight: Variable, bias: Variable | undefined, norm: Norm, create: Variables) {
  const channels = weight.shape[3];
  const factors = () => {
    const scale = norm.scale.initial(), variance = norm.variance.initial();
    return scale.map((s, c) => s / Math.sqrt(variance[c] + EPSILON));
  };
  return {
    weight: create.derived("weight", weight.shape, () => {
      const factor = factors();
      return weight.initial().map((w, i) => w * factor[i % channels]);
    }),
    offset: create.derived("offset", [channels], () => {
      const factor = factors(), mean = norm.mean.initial(), before = bias?.initial();
      return norm.offset.initial().map((offset, c) => offset + ((before?.[c] ?? 0) - mean[c]) * factor[c]);
    }),
  };
}

/** A dense layer to `units`, with a bias; weights are [in, out]. By default both start as PyTorch's do. */
export function dense(units: number, options: { initial?: Initialiser; biasInitial?: Initialiser } = {}): Layer {
  return (create, input) => {
    const inputs = sizeOf(input), { initial, biasInitial } = { ...byDefault(inputs), ...options };
    const weight = create.variable("weight", [inputs, units], initial);
    const bias = create.variable("bias", [units], biasInitial);
    return module(
      (x, pass) => biasAdd(tf.matMul(x as Tensor2D, pass.read(weight) as Tensor2D), pass.read(bias)),
      [units],
      inputs * units,
    );
  };
}

/**
 * A transposed 2-D convolution to `channels` with a bias, weights [kernel, kernel, out, in]. `doubling` doubles height
 * and width with half the kernel as overlap (kernel 4, stride 2, PyTorch's padding 1); else nothing is cut off and
 * the output has (side − 1) · stride + kernel. Both start as PyTorch's do.
 */
export function transposedConv(channels: number, kernel: number, stride: number, padding: "doubling" | "none"): Layer {
  return (create, [height, width, input]) => {
    const { initial, biasInitial } = byDefault(kernel * kernel * channels);
    const weight = create.variable("weight", [kernel, kernel, channels, input], initial);
    const bias = create.variable("bias", [channels], biasInitial);
    const side = (length: number) => padding === "doubling" ? length * stride : (length - 1) * stride + kernel;
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

/** Batch normalisation on its own, where no convolution stands before it; see `convNorm`. */
export function norm(): Layer {
  return (create, input) => {
    const variables = normVariables(input.at(-1)!, create);
    const run = (x: Tensor, pass: Pass) =>
      pass.learns(variables.scale) ? normalise(x, variables, pass) : frozenNorm(x, readNorm(variables, pass), EPSILON);
    return module(run, input, 0, variables);
  };
}

/** max(x, 0). */
export function relu(): Layer {
  return (_, input) => module((x) => rectify(x), input);
}

/** x where it is positive, else slope · x, 0 < slope < 1. */
export function leakyRelu(slope: number): Layer {
  return (_, input) => module((x) => leak(x, slope), input);
}

/** How windows lie over a map. */
export interface Windows {
  /** Step in both directions; the window's side by default, so that windows do not overlap. */
  readonly stride?: number;
  /** Padding on each side; none by default. */
  readonly padding?: number;
}

/** Max pooling over windows of size × size; what does not fill a window is dropped, padding never wins. */
export function maxPool(size: number, windows: Windows = {}): Layer {
  return pool((x, stride) => tf.maxPool(x, size, stride, "valid"), size, windows, -Infinity);
}

/** Average pooling over windows of size × size; padding counts as zeros, as in PyTorch. */
export function averagePool(size: number, windows: Windows = {}): Layer {
  return pool((x, stride) => tf.avgPool(x, size, stride, "valid"), size, windows, 0);
}

function pool(
  run: (x: Tensor4D, stride: number) => Tensor,
  size: number,
  { stride = size, padding = 0 }: Windows,
  outside: number,
): Layer {
  return (_, [height, width, channels]) => {
    const side = (length: number) => Math.floor((length + 2 * padding - size) / stride) + 1;
    return module((x) => run(pad(x, padding, stride, size, outside) as Tensor4D, stride), [
      side(height),
      side(width),
      channels,
    ]);
  };
}

/**
 * Channels dealt out anew: those of `groups` equal parts by turns, the first of each part first (Zhang et al., 2018).
 */
export function channelShuffle(groups: number): Layer {
  return (_, input) => module((x) => shuffleChannels(x, groups), input);
}

/** The mean over height and width: [height, width, channels] → [channels]. */
export function globalAveragePool(): Layer {
  return (_, input) => module((x) => tf.mean(x, [1, 2]), [input.at(-1)!]);
}

/** Layers one after the other, named by their position. */
export function seq(...layers: readonly Layer[]): Layer {
  return (create, input) => {
    let shape = input;
    const modules = layers.map((layer, position) => {
      const module = layer(create.in(String(position)), shape);
      shape = module.shape;
      return module;
    });
    return module(
      (x, pass) => modules.reduce((y, layer) => layer(y, pass), x),
      shape,
      modules.reduce((sum, layer) => sum + layer.multiplyAdds, 0),
      modules.at(-1)?.norm,
    );
  };
}

/** body(x) + shortcut(x); without a shortcut, body(x) + x. */
export function residual(body: Layer, shortcut?: Layer): Layer {
  return (create, input) => {
    const main = body(create.in("body"), input), side = shortcut?.(create.in("shortcut"), input);
    return module(
      (x, pass) => tf.add(main(x, pass), side ? side(x, pass) : x),
      main.shape,
      main.multiplyAdds + (side?.multiplyAdds ?? 0),
      main.norm,
    );
  };
}
