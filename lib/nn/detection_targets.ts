import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import { type BoxWeights, encodeBoxes, HEAD_WEIGHTS, RPN_WEIGHTS } from "./boxes.ts";
import { matchBoxes, type MatchOptions, UNMATCHED } from "./match_boxes.ts";
import { stopGradient } from "./ops.ts";
import type { Proposals } from "./proposals.ts";
import { markSampled, sampleBalanced, type SampleOptions } from "./sample_balanced.ts";

/** The objects of a batch of images, in slots of which the first `count` are taken. */
export interface Truths {
  /** x1, y1, x2, y2 in pixels: [batch, slots, 4]. */
  readonly boxes: Tensor;
  /** Classes from 1, int32 [batch, slots]. */
  readonly classes: Tensor;
  /** int32 [batch]. */
  readonly count: Tensor;
}

/** What a region proposal network should say about the anchors of an image. */
export interface AnchorTargets {
  /** 1 for an anchor of an object, else 0: [batch, anchors]. */
  readonly objects: Tensor;
  /** Deltas of the objects' boxes, [batch, anchors, 4]; without meaning where there is none. */
  readonly deltas: Tensor;
  /** 1 for each anchor that the loss counts, else 0: [batch, anchors]. */
  readonly sampled: Tensor;
}

/** How candidates are matched and sampled. */
export type TargetOptions = MatchOptions & SampleOptions;

/** Torchvision's and detectron2's options for anchors. */
export const ANCHOR_TARGETS: TargetOptions = {
  high: 0.7,
  low: 0.3,
  bestOfEach: true,
  slots: 256,
  positive: 0.5,
};

/** Torchvision's and detectron2's options for regions. */
export const REGION_TARGETS: TargetOptions = { high: 0.5, slots: 512, positive: 0.25 };

/**
 * Matches anchors, [anchors, 4], with objects and samples them by `uniform`, random numbers [batch,
 * anchors].
 */
export function anchorTargets(
  anchors: Tensor,
  truths: Truths,
  uniform: Tensor,
  options: TargetOptions = ANCHOR_TARGETS,
): AnchorTargets {
  const matches = matchBoxes(truths.boxes, anchors, truths.count, options);
  const isObject = tf.greaterEqual(matches, 0);
  const isBackground = tf.equal(matches, UNMATCHED.below);
  const sample = sampleBalanced(isObject, isBackground, uniform, options);
  return {
    objects: tf.cast(isObject, "float32"),
    deltas: deltasOf(matches, truths, anchors, RPN_WEIGHTS),
    sampled: markSampled(sample, anchors.shape[0]),
  };
}

/** Regions that a box head is trained on, in slots of which only the first ones need be taken. */
export interface SampledRegions {
  /** x1, y1, x2, y2 in pixels: [batch, slots, 4]. */
  readonly boxes: Tensor;
  /** Classes, 0 for background, int32 [batch, slots]. */
  readonly labels: Tensor;
  /** Deltas of the objects' boxes, [batch, slots, 4]; without meaning in the background. */
  readonly deltas: Tensor;
  /** 1 for each slot that is taken, else 0: [batch, slots]. */
  readonly mask: Tensor;
}

/** Sampled regions in images of these sizes. */
export interface RegionsInImages extends Omit<SampledRegions, "deltas"> {
  /** Heights and widths of the images without padding, [batch, 2]. */
  readonly sizes: Tensor;
}

/**
 * Adds the objects themselves to the proposals, matches all with objects and samples them by
 * `uniform`, random numbers [batch, proposals + objects]. Constants for the gradient.
 */
export function sampleRegions(
  proposals: Pick<Proposals, "boxes" | "mask">,
  truths: Truths,
  uniform: Tensor,
  options: TargetOptions = REGION_TARGETS,
): SampledRegions {
  const boxes = tf.concat([stopGradient(proposals.boxes), truths.boxes], 1);
  const slots = tf.range(0, truths.boxes.shape[1]!, 1, "int32");
  const isReal = tf.concat([
    tf.greater(proposals.mask, 0),
    tf.less(slots, tf.expandDims(truths.count, 1)),
  ], 1);
  const matches = matchBoxes(truths.boxes, boxes, truths.count, options);
  const isObject = tf.greaterEqual(matches, 0);
  const { indices, mask } = sampleBalanced(
    tf.logicalAnd(isReal, isObject),
    tf.logicalAnd(isReal, tf.equal(matches, UNMATCHED.below)),
    uniform,
    options,
  );
  const sampled = tf.gather(boxes, indices, 1, 1);
  const sampledMatches = tf.gather(matches, indices, 1, 1);
  const classes = tf.gather(truths.classes, filled(sampledMatches), 1, 1);
  const isLabelled = tf.logicalAnd(tf.greaterEqual(sampledMatches, 0), tf.greater(mask, 0));
  return {
    boxes: sampled,
    labels: tf.where(isLabelled, classes, tf.zerosLike(classes)),
    deltas: deltasOf(sampledMatches, truths, sampled, HEAD_WEIGHTS),
    mask,
  };
}

/** Matches with the first truth in place of none. */
function filled(matches: Tensor): Tensor {
  return tf.maximum(matches, tf.scalar(0, "int32"));
}

/** The deltas of the boxes that candidates were matched with. */
function deltasOf(matches: Tensor, truths: Truths, boxes: Tensor, weights: BoxWeights): Tensor {
  return encodeBoxes(tf.gather(truths.boxes, filled(matches), 1, 1), boxes, weights);
}
