import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../kernels/tensor.ts";
import { decodeBoxes, HEAD_WEIGHTS } from "../../nn/boxes.ts";
import { averageSlots, type DetectionLoss, objectsOf, ownDeltas } from "../../nn/detection_loss.ts";
import type { RegionsInImages, SampledRegions } from "../../nn/detection_targets.ts";
import { kl, safeAbs, smoothL1, stopGradient } from "../../nn/ops.ts";
import type { RegionOutput } from "../../nn/two_stages.ts";
import { type DecoupledKl, decoupledKl } from "./decoupled_kl.ts";

/** What SHAKE's two losses of regions mean where the paper does not say. */
export interface RegionLossOptions {
  /** T. Default: 1 (mdistiller on regions). */
  readonly temperature?: number;
  /**
   * The KL of classes: of one distribution over all of them, `softmax`, or of one for each of them,
   * `sigmoid`, added up. Default: `softmax`.
   */
  readonly classes?: "softmax" | "sigmoid";
  /** Whether the background is one of the classes of `sigmoid`. Default: yes. */
  readonly background?: boolean;
  /**
   * The distance of two boxes of the label's own class, added up over four numbers: |x| or smooth
   * L1 of deltas, or |x| of corners as shares of the image's sides. Default: `l1`.
   */
  readonly boxes?: "l1" | "smooth_l1" | "decoded_l1";
  /** β of `smooth_l1`. Default: 1/9, as in torchvision's loss. */
  readonly beta?: number;
  /**
   * What the distances in regions of objects are divided by: the number of all sampled regions, or
   * of those of objects. Default: `all`.
   */
  readonly over?: "all" | "objects";
}

/**
 * SHAKE's D(student ← teacher) on regions (Li & Jin, 2022) in its two parts: T² · KL(teacher ‖
 * student) of classes, averaged over all regions, and a distance of boxes in regions of objects.
 * The teacher is a constant.
 */
export function distilRegions(
  student: RegionOutput,
  teacher: RegionOutput,
  regions: RegionsInImages,
  options: RegionLossOptions = {},
): DetectionLoss {
  const { temperature = 1, classes = "softmax", background = true, over = "all" } = options;
  const { labels, mask } = regions;
  const logits = stopGradient(teacher.logits);
  const divergence = classes === "softmax"
    ? kl(student.logits, logits, temperature)
    : sigmoidKl(student.logits, logits, temperature, background);
  const objects = tf.mul(mask, objectsOf(labels));
  return {
    classes: averageSlots(divergence, mask),
    boxes: averageSlots(
      boxDistance(student.deltas, stopGradient(teacher.deltas), regions, options),
      objects,
      undefined,
      over === "all" ? mask : objects,
    ),
  };
}

/**
 * DKD on regions as mdistiller calls it: both parts of the KL, averaged over all regions, the
 * background a class like the others. Gives one number an image, [batch] each. The teacher is a
 * constant. Default: T = 1.
 */
export function decoupleRegions(
  student: Pick<RegionOutput, "logits">,
  teacher: Pick<RegionOutput, "logits">,
  { labels, mask }: Pick<SampledRegions, "labels" | "mask">,
  temperature = 1,
): DecoupledKl {
  const [batch, slots, classes] = student.logits.shape as [number, number, number];
  const flat = (logits: Tensor) => tf.reshape(logits, [batch * slots, classes]);
  const parts = decoupledKl(
    flat(student.logits),
    flat(stopGradient(teacher.logits)),
    tf.reshape(labels, [batch * slots]),
    temperature,
  );
  const average = (values: Tensor) => averageSlots(tf.reshape(values, [batch, slots]), mask);
  return { target: average(parts.target), others: average(parts.others) };
}

/**
 * T² · Σ KL(sigmoid(teacher / T) ‖ sigmoid(student / T)) of Bernoulli distributions over the last
 * dimension.
 */
function sigmoidKl(
  student: Tensor,
  teacher: Tensor,
  temperature: number,
  background: boolean,
): Tensor {
  const [s, t] = [student, teacher].map((logits) => {
    const softened = tf.div(logits, temperature);
    return background ? softened : tf.slice(softened, [0, 0, 1]);
  });
  // log p − log q of an outcome and of its opposite: the latter without the logits themselves.
  const opposite = tf.sub(tf.softplus(s), tf.softplus(t));
  const divergence = tf.add(tf.mul(tf.sigmoid(t), tf.sub(t, s)), opposite);
  return tf.mul(tf.sum(divergence, -1), temperature ** 2);
}

/** The distance of the two boxes of the label's own class in each region, [batch, slots]. */
function boxDistance(
  student: Tensor,
  teacher: Tensor,
  { boxes, labels, sizes }: RegionsInImages,
  { boxes: by = "l1", beta = 1 / 9 }: RegionLossOptions,
): Tensor {
  const [s, t] = [student, teacher].map((deltas) => ownDeltas(deltas, labels));
  if (by !== "decoded_l1") {
    return tf.sum(smoothL1(tf.sub(s, t), by === "l1" ? 0 : beta), 2);
  }
  const [height, width] = tf.unstack(sizes, -1);
  const sides = tf.expandDims(tf.stack([width, height, width, height], -1), 1);
  const [ours, theirs] = [s, t].map((deltas) => decodeBoxes(deltas, boxes, HEAD_WEIGHTS));
  return tf.sum(safeAbs(tf.div(tf.sub(ours, theirs), sides)), 2);
}
