import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";

/** The same values, through which no gradient flows: a tensor of its own that no tape has seen. */
export function stop<T extends Tensor>(x: T): T {
  const engine = tf.engine(), info = { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
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

/** −Σ target · log softmax(logits) for each sample: [batch], from logits and a distribution over classes, both [batch, classes]. */
export function crossEntropy(logits: Tensor, target: Tensor): Tensor {
  return tf.neg(tf.sum(tf.mul(target, logSoften(logits)), -1));
}

/**
 * T² · KL(softmax(teacher / T) ‖ softmax(student / T)) for each sample: [batch]. Averaged over the batch this is the
 * distillation loss of Hinton et al., 2015 (the `batchmean` of KL, not its mean over classes).
 */
export function kl(student: Tensor, teacher: Tensor, temperature = 1): Tensor {
  const log = logSoften(teacher, temperature);
  const divergence = tf.sum(tf.mul(tf.exp(log), tf.sub(log, logSoften(student, temperature))), -1);
  return temperature === 1 ? divergence : tf.mul(divergence, temperature * temperature);
}

/** The mean over everything but the batch of (a − b)²: [batch]. */
export function mse(a: Tensor, b: Tensor): Tensor {
  const axes = a.shape.map((_, axis) => axis).slice(1);
  return tf.mean(tf.squaredDifference(a, b), axes);
}

/** Values per sample, [batch], with those switched off by `mask` ([batch] of 0 and 1) at 0; without a mask the values themselves. */
export function masked(values: Tensor, mask: Tensor | undefined): Tensor {
  return mask ? tf.mul(values, mask) : values;
}
