import * as tf from "@tensorflow/tfjs";
import type { Tensor1D } from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";

/** The same values, through which no gradient flows: a tensor of its own that no tape has seen. */
export function stop<T extends Tensor>(x: T): T {
  const engine = tf.engine();
  const info = { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  engine.backend.incRef(x.dataId);
  return engine.makeTensorFromTensorInfo(info) as T;
}

/** log softmax(logits / temperature), [batch, classes]. */
export function logSoften(logits: Tensor, temperature = 1): Tensor {
  const scaled = temperature === 1 ? logits : tf.div(logits, temperature);
  return tf.logSoftmax(scaled, -1);
}

/** softmax(logits / temperature), [batch, classes]. */
export function soften(logits: Tensor, temperature = 1): Tensor {
  return tf.softmax(temperature === 1 ? logits : tf.div(logits, temperature), -1);
}

/**
 * −Σ target · log softmax(logits) for each sample: [batch], from logits and a distribution over
 * classes, both [batch, classes].
 */
export function crossEntropy(logits: Tensor, target: Tensor): Tensor {
  return tf.neg(tf.sum(tf.mul(target, logSoften(logits)), -1));
}

/**
 * Logits [batch, classes], each sample's less their mean, divided by 1e-7 + their (unbiased)
 * standard deviation: logit standardisation, Sun et al., 2024. arXiv:2403.01427.
 */
export function standardise(logits: Tensor): Tensor {
  const centred = tf.sub(logits, tf.mean(logits, -1, true));
  const freedom = Math.max(1, logits.shape.at(-1)! - 1);
  const variance = tf.div(tf.sum(tf.square(centred), -1, true), freedom);
  return tf.div(centred, tf.add(safeSqrt(variance), 1e-7));
}

/** How `kl` compares, beside the temperature. */
export interface KlOptions {
  /** Whether both logits are standardised first. */
  readonly standardised?: boolean;
  /** Added to each of the teacher's probabilities; 0. */
  readonly floor?: number;
}

/**
 * T² · KL(softmax(teacher / T) ‖ softmax(student / T)) for each sample: [batch]. Averaged over the
 * batch this is the distillation loss of Hinton et al., 2015 (the `batchmean` of KL, not its mean
 * over classes).
 */
export function kl(
  student: Tensor,
  teacher: Tensor,
  temperature = 1,
  { standardised = false, floor = 0 }: KlOptions = {},
): Tensor {
  const logarithm = (logits: Tensor) =>
    logSoften(standardised ? standardise(logits) : logits, temperature);
  const exact = logarithm(teacher);
  const probability = floor ? tf.add(tf.exp(exact), floor) : tf.exp(exact);
  const log = floor ? tf.log(probability) : exact;
  const divergence = tf.sum(tf.mul(probability, tf.sub(log, logarithm(student))), -1);
  return temperature === 1 ? divergence : tf.mul(divergence, temperature * temperature);
}

/** The mean over everything but the batch of (a − b)²: [batch]. */
export function mse(a: Tensor, b: Tensor): Tensor {
  const axes = a.shape.map((_, axis) => axis).slice(1);
  return tf.mean(tf.squaredDifference(a, b), axes);
}

/**
 * Values per sample, [batch], with those switched off by `mask` ([batch] of 0 and 1) at 0; without
 * a mask the values themselves.
 */
export function masked(values: Tensor, mask: Tensor | undefined): Tensor {
  return mask ? tf.mul(values, mask) : values;
}

/**
 * One class for each row of logits, […, classes], drawn by Gumbel-softmax (Jang et al., 2017;
 * Maddison et al., 2017) with uniform numbers from 0 to 1 of the same shape: one-hot, with the
 * gradient of the softmax at that temperature (straight-through).
 */
export function gumbel(logits: Tensor, uniform: Tensor, temperature = 1): Tensor {
  const tiny = 1e-20;
  const minusLog = (x: Tensor) => tf.neg(tf.log(tf.add(x, tiny)));
  const soft = soften(tf.add(logits, minusLog(minusLog(uniform))), temperature);
  const constant = stop(soft);
  const drawn = tf.oneHot(
    tf.argMax(constant, -1) as Tensor1D,
    logits.shape.at(-1)!,
    1,
    0,
    "float32",
  );
  // In this order what is drawn stays exactly 0 and 1.
  return tf.add(drawn, tf.sub(soft, constant));
}

/** Each sample in a row: [batch, …] → [batch, features]. */
export function flat(x: Tensor): Tensor {
  return tf.reshape(x, [x.shape[0], -1]);
}

/** The inner products of rows with each other: […, rows, features] → […, rows, rows]. */
export function gram(x: Tensor): Tensor {
  return tf.matMul(x, x, false, true);
}

/**
 * Rows (along `axis`, the last) divided by their 2- or 1-norm; one shorter than 1e-12 becomes 0,
 * with no gradient.
 */
export function unitRows(x: Tensor, order: 1 | 2 = 2, axis = -1): Tensor {
  // Of |x| at 0 tfjs has the slope −1.
  const size = tf.sum(tf.mul(x, order === 1 ? stop(tf.sign(x)) : x), axis, true);
  const isLong = tf.greater(stop(size), 1e-12 ** order);
  const divisor = tf.where(isLong, size, tf.onesLike(size));
  const factor = order === 1 ? tf.reciprocal(divisor) : tf.rsqrt(divisor);
  return tf.mul(x, tf.where(isLong, factor, tf.zerosLike(size)));
}

/** √x, whose gradient at 0 is 0. */
export function safeSqrt(x: Tensor): Tensor {
  const isPositive = tf.greater(stop(x), 0);
  return tf.where(isPositive, tf.sqrt(tf.where(isPositive, x, tf.onesLike(x))), tf.zerosLike(x));
}

/** |x|, whose gradient at 0 is 0. */
export function safeAbs(x: Tensor): Tensor {
  return tf.mul(x, stop(tf.sign(x)));
}

/** x² / 2 up to |x| = 1, |x| − ½ beyond (Girshick, 2015). */
export function smoothL1(x: Tensor): Tensor {
  // Written so that its gradient is the slope itself.
  const slope = stop(tf.clipByValue(x, -1, 1));
  return tf.sub(tf.mul(slope, x), tf.div(tf.square(slope), 2));
}

/** The samples that a relational loss relates. */
export interface Related {
  /** Which they are, [batch] of 0 and 1. */
  readonly chosen: Tensor;
  /** Which pairs are of two of them, [batch, batch] of 0 and 1. */
  readonly pairs: Tensor;
  /** How many they are, at least 1: a scalar. */
  readonly count: Tensor;
}

/**
 * The samples of x, [batch, …], that a mask ([batch] of 0 and 1) chooses; without one, all. A
 * relational loss ℓ of those alone is `ℓ · chosen` per sample: averaged over the batch, that of the
 * gathered sub-batch times its share.
 */
export function related(mask: Tensor | undefined, x: Tensor): Related {
  const [batch] = x.shape;
  const chosen = mask ?? tf.ones([batch]);
  const pairs = tf.mul(tf.reshape(chosen, [batch, 1]), chosen);
  return { chosen, pairs, count: tf.maximum(tf.sum(chosen), 1) };
}
