import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import { areLarge, clipBoxes, decodeBoxes, HEAD_WEIGHTS } from "./boxes.ts";
import { softmax } from "./ops.ts";
import type { Proposals } from "./proposals.ts";
import { suppressEach, suppressPerClass } from "./suppression.ts";

/** Found objects, best first, in slots of which only the first ones need be taken. */
export interface Detections {
  /** x1, y1, x2, y2 in pixels, inside the image: [batch, slots, 4]. */
  readonly boxes: Tensor;
  /** Probabilities of the classes, [batch, slots]; 0 in a slot that is not taken. */
  readonly scores: Tensor;
  /** Classes from 1, int32 [batch, slots]; without meaning in a slot that is not taken. */
  readonly classes: Tensor;
  /** 1 for each slot that is taken, else 0: [batch, slots]. */
  readonly mask: Tensor;
}

/** Which detections count. The defaults are torchvision's. */
export interface DetectionOptions {
  /** A score must be greater. Default: 0.05. */
  readonly score?: number;
  /** The largest intersection over union of two detections of a class. Default: 0.5. */
  readonly threshold?: number;
  /** The least length of a side in pixels. Default: 0.01. */
  readonly side?: number;
  /** Detections of an image. Default: 100. */
  readonly limit?: number;
}

/** What a box head says about proposals. */
export interface ScoredRegions {
  /** [batch, regions, classes], the background first. */
  readonly logits: Tensor;
  /** Deltas of the box of each class, [batch, regions, 4 · classes]. */
  readonly deltas: Tensor;
  /** The proposals, one a region. */
  readonly proposals: Pick<Proposals, "boxes" | "mask">;
  /** Heights and widths of the images without padding, [batch, 2]. */
  readonly sizes: Tensor;
}

/**
 * Finds objects: each class's box of each proposal, clipped to the image, thinned out by
 * non-maximum suppression of each class; of all classes together the best remain.
 */
export function detect(
  { logits, deltas, proposals, sizes }: ScoredRegions,
  { score = 0.05, threshold = 0.5, side = 1e-2, limit = 100 }: DetectionOptions = {},
): Detections {
  const [batch, regions, classes] = logits.shape as [number, number, number];
  const all = regions * (classes - 1);
  const decoded = decodeBoxes(
    tf.reshape(deltas, [batch, regions, classes, 4]),
    tf.expandDims(proposals.boxes, 2),
    HEAD_WEIGHTS,
  );
  const ofObjects = tf.slice(clipBoxes(decoded, sizes), [0, 0, 1], [-1, -1, classes - 1]);
  const probabilities = tf.slice(softmax(logits), [0, 0, 1], [-1, -1, classes - 1]);
  const isScored = tf.logicalAnd(
    tf.greater(probabilities, score),
    tf.greater(tf.expandDims(proposals.mask, 2), 0),
  );
  const scores = tf.where(
    tf.logicalAnd(isScored, areLarge(ofObjects, side)),
    probabilities,
    tf.fill(probabilities.shape, -Infinity),
  );
  // The probabilities of a region add up to 1: no more of its classes can have the score.
  const most = Math.min(all, regions * Math.ceil(1 / score));
  const best = tf.topk(tf.reshape(scores, [batch, all]), most);
  const boxes = tf.gather(tf.reshape(ofObjects, [batch, all, 4]), best.indices, 1, 1);
  const labels = tf.add(tf.mod(best.indices, tf.scalar(classes - 1, "int32")), 1);
  const labelsOf = tf.unstack(labels);
  const kept = suppressEach(
    boxes,
    best.values,
    (boxes, scores, image) =>
      suppressPerClass(boxes, scores, labelsOf[image], Math.min(limit, most), threshold),
  );
  const mask = tf.cast(tf.greater(kept.scores, 0), "float32");
  return {
    boxes: tf.gather(boxes, kept.indices, 1, 1),
    scores: tf.maximum(kept.scores, 0),
    classes: tf.gather(tf.cast(labels, "int32"), kept.indices, 1, 1),
    mask,
  };
}
