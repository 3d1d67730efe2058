import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import type { AnchorTargets, SampledRegions } from "./detection_targets.ts";
import { crossEntropy, oneHot, smoothL1 } from "./ops.ts";

/** The two losses of a part of a detector for each image, [batch] each. */
export interface DetectionLoss {
  /** Of objectness or of classes. */
  readonly classes: Tensor;
  readonly boxes: Tensor;
}

/** Options of a detector's losses. */
export interface DetectionLossOptions {
  /** β of the smooth L1 of deltas. Default: 1/9 (torchvision; detectron2: 0). */
  readonly beta?: number;
  /**
   * What the loss of an image's anchors or regions is divided by. Default: the mean number of
   * sampled ones of the batch's images, so that the batch's mean is that over all sampled ones
   * (torchvision; detectron2 for regions). Detectron2 for anchors: 256.
   */
  readonly divisor?: number;
}

/**
 * Adds up values of each image in slots that the mask takes, both [batch, slots]: [batch]. Divides
 * by `divisor`. Default: the number of slots that `among` takes, at least 1, over that of images.
 */
export function averageSlots(
  values: Tensor,
  mask: Tensor,
  divisor?: number,
  among: Tensor = mask,
): Tensor {
  const [batch] = values.shape;
  const sums = tf.sum(tf.mul(values, mask), 1);
  return tf.div(sums, divisor ?? tf.div(tf.maximum(tf.sum(among), 1), batch));
}

/**
 * The losses of a region proposal network: the binary cross-entropy of objectness, logits [batch,
 * anchors], over sampled anchors, and the smooth L1 of deltas, [batch, anchors, 4], over the
 * sampled anchors of objects. Both have the same divisor.
 */
export function rpnLoss(
  objectness: Tensor,
  deltas: Tensor,
  { objects, deltas: targets, sampled }: AnchorTargets,
  { beta = 1 / 9, divisor }: DetectionLossOptions = {},
): DetectionLoss {
  const entropies = tf.sub(tf.softplus(objectness), tf.mul(objectness, objects));
  const errors = tf.sum(smoothL1(tf.sub(deltas, targets), beta), 2);
  return {
    classes: averageSlots(entropies, sampled, divisor),
    boxes: averageSlots(tf.mul(errors, objects), sampled, divisor),
  };
}

/**
 * The losses of a box head (Fast R-CNN): the cross-entropy of classes, logits [batch, slots,
 * classes], and the smooth L1 of the label's own deltas of [batch, slots, 4 · classes] in regions
 * of objects. Both are divided by all sampled regions.
 */
export function fastRcnnLoss(
  logits: Tensor,
  deltas: Tensor,
  { labels, deltas: targets, mask }: Omit<SampledRegions, "boxes">,
  { beta = 1 / 9, divisor }: DetectionLossOptions = {},
): DetectionLoss {
  const errors = tf.sum(smoothL1(tf.sub(ownDeltas(deltas, labels), targets), beta), 2);
  return {
    classes: averageSlots(crossEntropy(logits, oneHot(labels, logits.shape[2]!)), mask, divisor),
    boxes: averageSlots(tf.mul(errors, objectsOf(labels)), mask, divisor),
  };
}

/** 1 where a label is a class, 0 where it is the background: [batch, slots]. */
export function objectsOf(labels: Tensor): Tensor {
  return tf.cast(tf.greater(labels, 0), "float32");
}

/** The deltas of each region's own class, [batch, slots, 4], of those of all classes. */
export function ownDeltas(deltas: Tensor, labels: Tensor): Tensor {
  const [batch, slots, length] = deltas.shape as [number, number, number];
  const classes = length / 4;
  const chosen = tf.expandDims(oneHot(labels, classes), 3);
  return tf.sum(tf.mul(tf.reshape(deltas, [batch, slots, classes, 4]), chosen), 2);
}
