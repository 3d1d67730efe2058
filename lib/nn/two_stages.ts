/**
 * The two stages of a detector (Ren et al., 2015): its pyramid proposes regions, its head looks at
 * them.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import { detectron2Anchors, torchvisionAnchors } from "./anchors.ts";
import type { SampledRegions } from "./detection_targets.ts";
import { type Anchors, type Detector, PYRAMID } from "./detector.ts";
import type { PassOutput } from "./network.ts";
import type { Candidates } from "./proposals.ts";
import { pyramidRoiAlign } from "./roi_align.ts";

/** log2 of the pixels of an image along one of the finest map. */
const FINEST = 2;

/** The maps that regions are pooled from. */
const POOLED = ["p2", "p3", "p4", "p5"] as const;

/** Reads what a detector says about its anchors. `sizes`: those of the images without padding. */
export function candidatesOf(
  { taps, recipe, images }: PassOutput<Detector>,
  sizes: Tensor,
): Candidates {
  const [batch, anchors] = taps.rpn.shape as [number, number];
  const maps = PYRAMID.map((level) => taps[level].shape.slice(1, 3) as [number, number]);
  const [, height, width] = images.shape as [number, number, number];
  return {
    objectness: tf.reshape(tf.slice(taps.rpn, [0, 0, 0], [-1, -1, 1]), [batch, anchors]),
    deltas: tf.slice(taps.rpn, [0, 0, 1], [-1, -1, 4]),
    anchors: tf.tensor2d(anchorsOn(maps, [height, width], recipe.anchors), [anchors, 4]),
    levels: maps.map(([rows, columns]) => rows * columns * recipe.anchors.ratios.length),
    sizes,
  };
}

/** The anchors of all maps of a pyramid of an image with these sides, padding included. */
function anchorsOn(
  maps: readonly (readonly [height: number, width: number])[],
  sides: readonly [height: number, width: number],
  { sizes, ratios, layout }: Anchors,
): Float32Array {
  const levels = maps.map((map, i) => ({
    map,
    sizes: [sizes[i]],
    ratios,
    stride: 2 ** (FINEST + i),
  }));
  return layout === "detectron2" ? detectron2Anchors(levels) : torchvisionAnchors(sides, levels);
}

/** What a box head says about regions. */
export interface RegionOutput {
  /** [batch, slots, classes], the background first. */
  readonly logits: Tensor;
  /** Deltas of the box of each class, [batch, slots, 4 · classes]. */
  readonly deltas: Tensor;
}

/** The sampled regions on which a detector's head is trained, with what it says about them. */
export interface TrainedRegions extends SampledRegions {
  /** Heights and widths of the images without padding, [batch, 2]. */
  readonly sizes: Tensor;
  readonly output: RegionOutput;
}

/**
 * Pools regions, x1, y1, x2, y2, [batch, slots, 4], from a detector's pyramid: [batch · slots, side,
 * side, channels].
 */
export function poolRegions({ taps, recipe }: PassOutput<Detector>, boxes: Tensor): Tensor {
  const [batch, slots] = boxes.shape as [number, number];
  const { side, ...options } = recipe.regions;
  const images = tf.range(0, batch, 1, "int32");
  return pyramidRoiAlign(
    POOLED.map((level) => taps[level]),
    {
      boxes: tf.reshape(boxes, [batch * slots, 4]),
      images: tf.reshape(tf.tile(tf.expandDims(images, 1), [1, slots]), [batch * slots]),
    },
    FINEST,
    { ...options, bins: side },
  );
}

/** Splits what a box head gives for pooled regions, [batch · slots, 5 · classes]. */
export function splitRegions(head: Tensor, batch: number, classes: number): RegionOutput {
  const slots = head.shape[0] / batch;
  const numbers = tf.reshape(head, [batch, slots, 5 * classes]);
  return {
    logits: tf.slice(numbers, [0, 0, 0], [-1, -1, classes]),
    deltas: tf.slice(numbers, [0, 0, classes], [-1, -1, 4 * classes]),
  };
}

/** Looks at regions, [batch, slots, 4], with a detector's own pyramid and head. */
export function lookAt(output: PassOutput<Detector>, boxes: Tensor): RegionOutput {
  const pooled = poolRegions(output, boxes);
  return splitRegions(output.head("box", pooled), boxes.shape[0], output.classes);
}
