import * as tf from "@tensorflow/tfjs";
import type { Tensor1D, Tensor4D } from "@tensorflow/tfjs";
import { customGradient } from "./custom_gradient.ts";
import type { AllReduce } from "./all_reduce.ts";
import type { Tensor } from "./tensor.ts";
import { Attr, DataType, typeAttribute } from "../tensorflow/binding.ts";
import { FLOAT, type Native, nativeOr } from "./native.ts";

/** A normalised batch and the running statistics after it. */
export interface NormResult {
  /** The normalised batch, of the input's shape. */
  readonly out: Tensor;
  /** (1 − momentum) · mean + momentum · batch mean, [channels]. */
  readonly mean: Tensor;
  /** (1 − momentum) · variance + momentum · unbiased batch variance, [channels]. */
  readonly variance: Tensor;
}

/** The values of a norm's variables, [channels] each. */
export interface NormState {
  /** Factor γ. */
  readonly scale: Tensor;
  /** Offset β. */
  readonly offset: Tensor;
  /** Running mean. */
  readonly mean: Tensor;
  /** Running variance. */
  readonly variance: Tensor;
  /**
   * The bias of the convolution before the norm, if `x` leaves it out. The batch's mean would
   * cancel it, so only the running mean includes it, and its gradient is zero.
   */
  readonly bias?: Tensor;
}

const attributes = (training: boolean, epsilon: number, factor?: number) => [
  FLOAT,
  typeAttribute("U", DataType.float32),
  { name: "epsilon", type: Attr.float, value: epsilon },
  { name: "data_format", type: Attr.string, value: "NHWC" },
  { name: "is_training", type: Attr.bool, value: training },
  ...(factor === undefined
    ? []
    : [{ name: "exponential_avg_factor", type: Attr.float, value: factor }]),
];

/**
 * Batch normalisation of `x`, [batch, height, width, channels], by the batch's own statistics
 * (Ioffe & Szegedy, 2015). Moves the running statistics towards the batch's. Gradients flow to `x`,
 * γ and β. Runs TensorFlow's `FusedBatchNormV3`, or its twin of tfjs ops on tfjs's own backend.
 */
export function batchNorm(
  x: Tensor,
  state: NormState,
  epsilon: number,
  momentum: number,
): NormResult {
  const channels = x.shape.at(-1)!;
  return nativeOr(() => batchNormTwin(x, state, epsilon, momentum), (native) =>
    // oneDNN's kernel for other numbers of channels is several times slower than a copy of the map.
    channels % 8 === 0
      ? batchNormNative(native, x, state, epsilon, momentum)
      : batchNormPadded(x, state, 16 * Math.ceil(channels / 16), epsilon, momentum));
}

function batchNormNative(
  native: Native,
  x: Tensor,
  state: NormState,
  epsilon: number,
  momentum: number,
): NormResult {
  let mean: Tensor | undefined;
  let variance: Tensor | undefined;
  const out = customGradient((...inputs) => {
    const save = inputs.pop() as unknown as tf.GradSaveFunc;
    const [x, scale, offset, bias] = inputs as Tensor[];
    const outputs = native.op(
      "FusedBatchNormV3",
      [x, scale, offset, state.mean, state.variance],
      attributes(true, epsilon, momentum),
      6,
    );
    mean = tf.keep(bias ? tf.add(outputs[1], tf.mul(bias, momentum)) : outputs[1]);
    variance = tf.keep(outputs[2]);
    save([x, scale, ...outputs.slice(3)]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const gradients = native.op(
        "FusedBatchNormGradV3",
        [dy, ...saved],
        attributes(true, epsilon),
        5,
      ).slice(0, 3);
      return bias ? [...gradients, tf.zeros(bias.shape)] : gradients;
    };
    return { value: outputs[0], gradFunc };
  })(...[x, state.scale, state.offset, ...(state.bias ? [state.bias] : [])]);
  return { out, mean: mean!, variance: variance! };
}

/** `batchNorm` on `channels` channels: pads `x` with empty channels and cuts them off again. */
function batchNormPadded(
  x: Tensor,
  state: NormState,
  channels: number,
  epsilon: number,
  momentum: number,
): NormResult {
  const depth = x.shape.at(-1)!;
  const widen = (vector: Tensor) => tf.pad(vector as Tensor1D, [[0, channels - depth]]);
  const { scale, offset, mean, variance, bias } = state;
  const wide = batchNorm(
    tf.pad(x as Tensor4D, [[0, 0], [0, 0], [0, 0], [0, channels - depth]]),
    {
      scale: widen(scale),
      offset: widen(offset),
      mean: widen(mean),
      variance: widen(variance),
      ...(bias && { bias: widen(bias) }),
    },
    epsilon,
    momentum,
  );
  const narrow = (vector: Tensor) => {
    const slice = tf.keep(tf.slice(vector as Tensor1D, [0], [depth]));
    vector.dispose();
    return slice;
  };
  return {
    out: tf.slice(wide.out as Tensor4D, [0, 0, 0, 0], [-1, -1, -1, depth]),
    mean: narrow(wide.mean),
    variance: narrow(wide.variance),
  };
}

/** `batchNorm` made of tfjs ops. */
function batchNormTwin(
  x: Tensor,
  state: NormState,
  epsilon: number,
  momentum: number,
): NormResult {
  return subBatchNorm(x, tf.ones([x.shape[0]]), state, epsilon, momentum);
}

/**
 * `batchNorm` by the statistics of the samples that `mask`, [batch] of 0 and 1, selects. These
 * samples get the values that they would get as a batch of their own. The running statistics stay
 * unchanged if it selects none. With `reduce`, the samples are those of all workers: each gets the
 * values that it would get in one process, and so do the gradients of the sum of the workers'
 * losses.
 */
export function subBatchNorm(
  x: Tensor,
  mask: Tensor,
  state: NormState,
  epsilon: number,
  momentum: number,
  reduce?: AllReduce,
): NormResult {
  if (state.bias) x = tf.add(x, state.bias);
  const { count, centre, spread } = reduce
    ? sharedMoments(x, mask, state.mean, reduce)
    : moments(x, mask);
  const out = tf.add(
    tf.mul(tf.sub(x, centre), tf.mul(state.scale, tf.rsqrt(tf.add(spread, epsilon)))),
    state.offset,
  );
  const unbiased = tf.mul(spread, tf.div(count, tf.maximum(tf.sub(count, 1), 1)));
  const share = tf.where(tf.greater(count, 0), tf.scalar(momentum), tf.scalar(0));
  const moveTowards = (old: Tensor, now: Tensor) =>
    tf.keep(tf.add(old, tf.mul(share, tf.sub(now, old))));
  return {
    out,
    mean: moveTowards(state.mean, centre),
    variance: moveTowards(state.variance, unbiased),
  };
}

/** Statistics of the selected samples of a batch. */
interface Moments {
  /** The number of their pixels, a scalar. */
  readonly count: Tensor;
  /** Their mean and variance, [channels]. Without meaning if there are none. */
  readonly centre: Tensor;
  readonly spread: Tensor;
}

function moments(x: Tensor, mask: Tensor): Moments {
  const { count, sum } = selected(x, mask);
  const divisor = tf.maximum(count, 1);
  const centre = tf.div(sum(x), divisor);
  return { count, centre, spread: tf.div(sum(tf.square(tf.sub(x, centre))), divisor) };
}

/**
 * `moments` over the samples of all workers, with one all-reduce in each direction. `near`, the same
 * for all workers, is near the mean: sums of squares far from it would lose digits.
 */
function sharedMoments(x: Tensor, mask: Tensor, near: Tensor, reduce: AllReduce): Moments {
  const own = selected(x, mask);
  const distance = tf.sub(x, near);
  const sums = [own.count, own.sum(distance), own.sum(tf.square(distance))];
  const [count, first, second] = reduce(sums);
  const divisor = tf.maximum(count, 1);
  const offset = tf.div(first, divisor);
  const spread = tf.maximum(tf.sub(tf.div(second, divisor), tf.square(offset)), 0);
  return { count, centre: tf.add(near, offset), spread };
}

/** The number of selected pixels, and their sum for each channel. */
function selected(
  { shape: [batch, height, width] }: Tensor,
  mask: Tensor,
): { readonly count: Tensor; sum(values: Tensor): Tensor } {
  const selection = tf.reshape(mask, [batch, 1, 1, 1]);
  return {
    count: tf.mul(tf.sum(mask), height! * width!),
    sum: (values) => tf.sum(tf.mul(values, selection), [0, 1, 2]),
  };
}

/**
 * Batch normalisation by the running statistics. Gradients flow to `x` only. Runs TensorFlow's
 * `FusedBatchNormV3`, which TensorFlow fuses with a ReLU after it, or its twin on tfjs's own
 * backend.
 */
export function frozenNorm(x: Tensor, state: NormState, epsilon: number): Tensor {
  const twin = () => frozenNormTwin(x, state, epsilon);
  if (x.shape.at(-1)! % 8 !== 0) return twin();
  return nativeOr(twin, (native) =>
    customGradient((x, save) => {
      const inputs = [x as Tensor, state.scale, state.offset, state.mean, state.variance];
      const [value] = native.op("FusedBatchNormV3", inputs, attributes(false, epsilon), 6);
      const [factor] = frozenFactors(state, epsilon);
      // tfjs disposes of tensors that are not saved before it computes the gradient.
      (save as tf.GradSaveFunc)([factor]);
      return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(dy, saved[0]) };
    })(x));
}

/** `frozenNorm` made of tfjs ops. */
function frozenNormTwin(x: Tensor, state: NormState, epsilon: number): Tensor {
  const [factor, offset] = frozenFactors(state, epsilon);
  return tf.add(tf.mul(x, factor), offset);
}

/** Batch normalisation by the running statistics as a factor and an offset per channel. */
export function frozenFactors(
  { scale, offset, mean, variance }: NormState,
  epsilon: number,
): [factor: Tensor, offset: Tensor] {
  const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, epsilon)));
  return [factor, tf.sub(offset, tf.mul(mean, factor))];
}
