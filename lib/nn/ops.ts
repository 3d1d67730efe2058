import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import { Failure } from "../values/failure.ts";

/** The same values without a gradient: a new tensor that no tape has seen. */
export function stopGradient<T extends Tensor>(x: T): T {
  const engine = tf.engine();
  const info = { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  engine.backend.incRef(x.dataId);
  return engine.makeTensorFromTensorInfo(info) as T;
}

/**
 * The same values, whose gradient is −`strength` times as large: what made x learns to raise what
 * the rest of the network lowers (Ganin & Lempitsky, 2015). The strength is a number or a scalar
 * tensor.
 */
export function reverseGradient(x: Tensor, strength: number | Tensor = 1): Tensor {
  const constant = stopGradient(x);
  const factor = typeof strength === "number" ? strength : stopGradient(strength);
  // This difference is exactly 0.
  return tf.add(constant, tf.mul(factor, tf.sub(constant, x)));
}

/**
 * T, which softens distributions: a number, or a tensor, such as a learned one: a scalar, or
 * [batch, 1] with one for each sample.
 */
export type Temperature = number | Tensor;

/** log softmax(logits / temperature), [batch, classes]. */
export function logSoftmax(logits: Tensor, temperature: Temperature = 1): Tensor {
  return tf.logSoftmax(soften(logits, temperature), -1);
}

/** softmax(logits / temperature), [batch, classes]. */
export function softmax(logits: Tensor, temperature: Temperature = 1): Tensor {
  return tf.softmax(soften(logits, temperature), -1);
}

/**
 * logits / temperature. Throws a `Failure` (exit 2) if the temperature is a tensor of another shape
 * than [] or [batch, 1].
 */
function soften(logits: Tensor, temperature: Temperature): Tensor {
  if (temperature === 1) return logits;
  if (typeof temperature !== "number" && temperature.rank !== 0) {
    const [batch] = logits.shape;
    const { shape, rank } = temperature;
    if (rank !== logits.rank || shape[0] !== batch || shape.slice(1).some((side) => side !== 1)) {
      throw new Failure(
        2,
        `a temperature is a number, a scalar or [${batch}, 1], one for each sample, not [${shape}]`,
      );
    }
  }
  return tf.div(logits, temperature);
}

/**
 * −Σ target · log softmax(logits) for each sample: [batch], from logits and a distribution over
 * classes, both [batch, classes].
 */
export function crossEntropy(logits: Tensor, target: Tensor): Tensor {
  return tf.neg(tf.sum(tf.mul(target, logSoftmax(logits)), -1));
}

/**
 * One-hot vectors of classes: int32 […] → […, classes], float32. A class outside 0 … classes − 1
 * gives zeros.
 */
export function oneHot(labels: Tensor, classes: number): Tensor {
  return tf.oneHot(labels, classes, 1, 0, "float32");
}

/**
 * Subtracts each sample's mean from its logits, [batch, classes], and divides by 1e-7 + their
 * (unbiased) standard deviation: logit standardisation, Sun et al., 2024. arXiv:2403.01427. Throws a
 * `Failure` (exit 2) if there are two classes.
 */
export function standardise(logits: Tensor): Tensor {
  refuseTwoClasses(logits, "standardised");
  const centred = tf.sub(logits, tf.mean(logits, -1, true));
  const freedom = Math.max(1, logits.shape.at(-1)! - 1);
  const variance = tf.div(tf.sum(tf.square(centred), -1, true), freedom);
  return tf.div(centred, tf.add(safeSqrt(variance), 1e-7));
}

/**
 * Throws a `Failure` (exit 2) if logits that are to have a fixed deviation are of two classes: they
 * would then have no gradient.
 */
export function refuseTwoClasses(logits: Tensor, option: string): void {
  if (logits.shape.at(-1) !== 2) return;
  throw new Failure(
    2,
    `\`${option}\` logits of two classes differ by the same number always, and teach nothing: ` +
      "set it to false",
  );
}

/** Options of `kl`, beside the temperature. */
export interface KlOptions {
  /** Whether to standardise both logits first. Default: no. */
  readonly standardised?: boolean;
  /** Added to each of the teacher's probabilities. Default: 0. */
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
  temperature: Temperature = 1,
  { standardised = false, floor = 0 }: KlOptions = {},
): Tensor {
  const logarithm = (logits: Tensor) =>
    logSoftmax(standardised ? standardise(logits) : logits, temperature);
  const exact = logarithm(teacher);
  const probability = floor ? tf.add(tf.exp(exact), floor) : tf.exp(exact);
  const log = floor ? tf.log(probability) : exact;
  const divergence = tf.sum(tf.mul(probability, tf.sub(log, logarithm(student))), -1);
  if (temperature === 1) return divergence;
  if (typeof temperature === "number") return tf.mul(divergence, temperature * temperature);
  return tf.mul(divergence, tf.square(temperature.rank === 0 ? temperature : flat(temperature)));
}

/** Without the dimensions of length 1 after the batch: [batch, 1] → [batch]. */
function flat(x: Tensor): Tensor {
  return tf.reshape(x, [x.shape[0]]);
}

/** The mean of (a − b)² over all dimensions but the batch: [batch]. */
export function mse(a: Tensor, b: Tensor): Tensor {
  const axes = a.shape.map((_, axis) => axis).slice(1);
  return tf.mean(tf.squaredDifference(a, b), axes);
}

/**
 * Values per sample, [batch], set to 0 where `mask` ([batch] of 0 and 1) is 0. Without a mask, the
 * values themselves.
 */
export function applyMask(values: Tensor, mask: Tensor | undefined): Tensor {
  return mask ? tf.mul(values, mask) : values;
}

/**
 * Samples one class for each row of logits, […, classes], by Gumbel-softmax (Jang et al., 2017;
 * Maddison et al., 2017) with uniform numbers from 0 to 1 of the same shape. The sample is one-hot,
 * with the gradient of the softmax at that temperature (straight-through).
 */
export function gumbel(logits: Tensor, uniform: Tensor, temperature = 1): Tensor {
  const tiny = 1e-20;
  const minusLog = (x: Tensor) => tf.neg(tf.log(tf.add(x, tiny)));
  const soft = softmax(tf.add(logits, minusLog(minusLog(uniform))), temperature);
  const constant = stopGradient(soft);
  const sample = oneHot(tf.argMax(constant, -1), logits.shape.at(-1)!);
  // This order keeps the sample at exactly 0 and 1.
  return tf.add(sample, tf.sub(soft, constant));
}

/** Flattens each sample: [batch, …] → [batch, features]. */
export function flatten(x: Tensor): Tensor {
  return tf.reshape(x, [x.shape[0], -1]);
}

/** The inner products of rows with each other: […, rows, features] → […, rows, rows]. */
export function gram(x: Tensor): Tensor {
  return tf.matMul(x, x, false, true);
}

/**
 * Divides rows along `axis` by their 2- or 1-norm. A row shorter than 1e-12 becomes 0, without a
 * gradient. Default: the 2-norm, along the last axis.
 */
export function unitRows(x: Tensor, order: 1 | 2 = 2, axis = -1): Tensor {
  // tfjs's slope of |x| at 0 is −1.
  const size = tf.sum(tf.mul(x, order === 1 ? stopGradient(tf.sign(x)) : x), axis, true);
  const isLong = tf.greater(stopGradient(size), 1e-12 ** order);
  const divisor = tf.where(isLong, size, tf.onesLike(size));
  const factor = order === 1 ? tf.reciprocal(divisor) : tf.rsqrt(divisor);
  return tf.mul(x, tf.where(isLong, factor, tf.zerosLike(size)));
}

/** √x, whose gradient at 0 is 0. */
export function safeSqrt(x: Tensor): Tensor {
  const isPositive = tf.greater(stopGradient(x), 0);
  return tf.where(isPositive, tf.sqrt(tf.where(isPositive, x, tf.onesLike(x))), tf.zerosLike(x));
}

/** |x|, whose gradient at 0 is 0. */
export function safeAbs(x: Tensor): Tensor {
  return tf.mul(x, stopGradient(tf.sign(x)));
}

/** x² / 2β up to |x| = β, |x| − β / 2 beyond (Girshick, 2015); |x| if β is 0. Default: β = 1. */
export function smoothL1(x: Tensor, beta = 1): Tensor {
  if (beta === 0) return safeAbs(x);
  // In this form its gradient is the slope itself.
  const slope = stopGradient(tf.clipByValue(beta === 1 ? x : tf.div(x, beta), -1, 1));
  return tf.sub(tf.mul(slope, x), tf.mul(tf.square(slope), beta / 2));
}

/** The samples of a relational loss. */
export interface Related {
  /** 1 for each of these samples, else 0: [batch]. */
  readonly chosen: Tensor;
  /** 1 for each pair of two of them, else 0: [batch, batch]. */
  readonly pairs: Tensor;
  /** Their number, at least 1: a scalar. */
  readonly count: Tensor;
}

/**
 * The samples of x, [batch, …], that a mask ([batch] of 0 and 1) selects; without one, all. A
 * relational loss ℓ of those alone is `ℓ · chosen` per sample. Its average over the batch is the
 * loss of the gathered sub-batch times the share of the sub-batch.
 */
export function selectRelated(mask: Tensor | undefined, x: Tensor): Related {
  const [batch] = x.shape;
  const chosen = mask ?? tf.ones([batch]);
  const pairs = tf.mul(tf.reshape(chosen, [batch, 1]), chosen);
  return { chosen, pairs, count: tf.maximum(tf.sum(chosen), 1) };
}
