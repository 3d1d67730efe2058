import * as tf from "@tensorflow/tfjs";
import type { Tensor1D, Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { Attr, DataType, typeAttribute } from "../tensorflow/binding.ts";
import { FLOAT, type Native, nativeOr } from "./native.ts";

/** What normalising a batch gives. */
export interface Normalised {
  /** The normalised batch, of the input's shape. */
  readonly out: Tensor;
  /** (1 − momentum) · mean + momentum · batch mean, [channels]. */
  readonly mean: Tensor;
  /** (1 − momentum) · variance + momentum · unbiased batch variance, [channels]. */
  readonly variance: Tensor;
}

/** The variables of a norm as tensors, [channels] each. */
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
   * The bias of the convolution before the norm, where it was left out of `x`: the batch's mean
   * takes it away again, so that only the running mean sees it and its gradient is zero.
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
 * Batch normalisation by the batch's own statistics (Ioffe & Szegedy, 2015), `x` of [batch, height,
 * width, channels], with the running statistics moved towards the batch's. Gradients flow to `x`, γ
 * and β. TensorFlow's `FusedBatchNormV3`; on tfjs's own backend its twin, made of tfjs ops.
 */
export function batchNorm(
  x: Tensor,
  state: NormState,
  epsilon: number,
  momentum: number,
): Normalised {
  const channels = x.shape.at(-1)!;
  return nativeOr(() => batchNormTwin(x, state, epsilon, momentum), (native) =>
    // oneDNN's kernel for other numbers of channels is several times slower than copying the map.
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
): Normalised {
  let mean: Tensor | undefined;
  let variance: Tensor | undefined;
  const out = tf.customGrad((...given) => {
    const save = given.pop() as unknown as tf.GradSaveFunc;
    const [x, scale, offset, bias] = given as Tensor[];
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

/** `batchNorm` over `channels` channels, of which the last are empty and cut off again. */
function batchNormPadded(
  x: Tensor,
  state: NormState,
  channels: number,
  epsilon: number,
  momentum: number,
): Normalised {
  const own = x.shape.at(-1)!;
  const widen = (vector: Tensor) => tf.pad(vector as Tensor1D, [[0, channels - own]]);
  const { scale, offset, mean, variance, bias } = state;
  const wide = batchNorm(
    tf.pad(x as Tensor4D, [[0, 0], [0, 0], [0, 0], [0, channels - own]]),
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
    const narrowed = tf.keep(tf.slice(vector as Tensor1D, [0], [own]));
    vector.dispose();
    return narrowed;
  };
  return {
    out: tf.slice(wide.out as Tensor4D, [0, 0, 0, 0], [-1, -1, -1, own]),
    mean: narrow(wide.mean),
    variance: narrow(wide.variance),
  };
}

/** `batchNorm` made of tfjs ops. */
export function batchNormTwin(
  x: Tensor,
  state: NormState,
  epsilon: number,
  momentum: number,
): Normalised {
  return subBatchNorm(x, tf.ones([x.shape[0]]), state, epsilon, momentum);
}

/**
 * `batchNorm` by the statistics of the samples that `mask` chooses, [batch] of 0 and 1: these
 * become what they would as a batch of their own. Where it chooses none, the running statistics
 * stay as they are.
 */
export function subBatchNorm(
  x: Tensor,
  mask: Tensor,
  state: NormState,
  epsilon: number,
  momentum: number,
): Normalised {
  const [batch, height, width] = x.shape;
  const axes = [0, 1, 2];
  const chosen = tf.reshape(mask, [batch, 1, 1, 1]);
  const count = tf.mul(tf.sum(mask), height! * width!);
  const divisor = tf.maximum(count, 1);
  const mean = (values: Tensor) => tf.div(tf.sum(tf.mul(values, chosen), axes), divisor);
  if (state.bias) x = tf.add(x, state.bias);
  const centre = mean(x);
  const centred = tf.sub(x, centre);
  const spread = mean(tf.square(centred));
  const out = tf.add(
    tf.mul(centred, tf.mul(state.scale, tf.rsqrt(tf.add(spread, epsilon)))),
    state.offset,
  );
  const unbiased = tf.mul(spread, tf.div(count, tf.maximum(tf.sub(count, 1), 1)));
  const share = tf.where(tf.greater(count, 0), tf.scalar(momentum), tf.scalar(0));
  const towards = (old: Tensor, now: Tensor) =>
    tf.keep(tf.add(old, tf.mul(share, tf.sub(now, old))));
  return { out, mean: towards(state.mean, centre), variance: towards(state.variance, unbiased) };
}

/**
 * Batch normalisation by the running statistics; gradients flow to `x` only. TensorFlow's
 * `FusedBatchNormV3`, which it fuses with a ReLU behind it; on tfjs's own backend its twin.
 */
export function frozenNorm(x: Tensor, state: NormState, epsilon: number): Tensor {
  const twin = () => frozenNormTwin(x, state, epsilon);
  if (x.shape.at(-1)! % 8 !== 0) return twin();
  return nativeOr(twin, (native) =>
    tf.customGrad((x, save) => {
      const inputs = [x as Tensor, state.scale, state.offset, state.mean, state.variance];
      const [value] = native.op("FusedBatchNormV3", inputs, attributes(false, epsilon), 6);
      const [factor] = frozenFactors(state, epsilon);
      // What is not saved is gone when the gradient is asked for.
      (save as tf.GradSaveFunc)([factor]);
      return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(dy, saved[0]) };
    })(x));
}

/** `frozenNorm` made of tfjs ops. */
export function frozenNormTwin(x: Tensor, state: NormState, epsilon: number): Tensor {
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
