import * as tf from "@tensorflow/tfjs";
import { nonMaxSuppression } from "../kernels/non_max_suppression.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { areLarge, clipBoxes, decodeBoxes, RPN_WEIGHTS } from "./boxes.ts";
import { stopGradient } from "./ops.ts";
import { suppressEach } from "./suppression.ts";

/** Boxes with scores, best first, in slots of which only the first ones need be taken. */
export interface Proposals {
  /** x1, y1, x2, y2 in pixels, inside the image: [batch, slots, 4]. */
  readonly boxes: Tensor;
  /** Logits, [batch, slots]; −∞ in a slot that is not taken. */
  readonly scores: Tensor;
  /** 1 for each slot that is taken, else 0: [batch, slots]. */
  readonly mask: Tensor;
}

/** How many proposals there are and which ones. */
export interface ProposalOptions {
  /**
   * Anchors of each image and level that are decoded, those with the best scores. Torchvision and
   * detectron2: 2000 in training, 1000 in evaluation.
   */
  readonly before: number;
  /**
   * Proposals of each image. Torchvision: as `before`; detectron2: 1000. There are never more than
   * decoded anchors.
   */
  readonly after: number;
  /** The largest intersection over union of two proposals of a level. Default: 0.7. */
  readonly threshold?: number;
  /**
   * The least length of a side in pixels. Default: 0.001 (torchvision). Detectron2 drops sides that
   * are not greater than 0, which 1e-30 does too.
   */
  readonly side?: number;
}

/** What a region proposal network says about anchors, and the images. */
export interface Candidates {
  /** Logits, [batch, anchors], level by level. */
  readonly objectness: Tensor;
  /** Deltas of boxes, [batch, anchors, 4]. */
  readonly deltas: Tensor;
  /** x1, y1, x2, y2: [anchors, 4]. */
  readonly anchors: Tensor;
  /** The number of anchors of each level. */
  readonly levels: readonly number[];
  /** Heights and widths of the images without padding, [batch, 2]. */
  readonly sizes: Tensor;
}

/**
 * Proposes regions: at each level the anchors with the best logits are decoded, clipped to the
 * image and thinned out by non-maximum suppression; of all levels together the best remain. No
 * gradient flows through.
 */
export function propose(candidates: Candidates, options: ProposalOptions): Proposals {
  const { objectness, deltas, levels } = candidates;
  const starts = levels.map((_, i) => levels.slice(0, i).reduce((sum, count) => sum + count, 0));
  const perLevel = levels.map((count, i) => {
    const at = <T extends Tensor>(x: T) => tf.slice(x, [0, starts[i]], [-1, count]);
    const anchors = tf.slice(candidates.anchors, [starts[i], 0], [count, 4]);
    const level = { objectness: at(objectness), deltas: at(deltas), anchors };
    return proposeOfLevel({ ...level, sizes: candidates.sizes }, options);
  });
  const boxes = tf.concat(perLevel.map(({ boxes }) => boxes), 1);
  const all = tf.concat(perLevel.map(({ scores }) => scores), 1);
  const { values: scores, indices } = tf.topk(all, Math.min(options.after, all.shape[1]!));
  return {
    boxes: stopGradient(tf.gather(boxes, indices, 1, 1)),
    scores: stopGradient(scores),
    mask: tf.cast(tf.greater(scores, -Infinity), "float32"),
  };
}

function proposeOfLevel(
  { objectness, deltas, anchors, sizes }: Omit<Candidates, "levels">,
  { before, after, threshold = 0.7, side = 1e-3 }: ProposalOptions,
): Pick<Proposals, "boxes" | "scores"> {
  const count = Math.min(before, objectness.shape[1]!);
  const { values, indices } = tf.topk(stopGradient(objectness), count);
  const decoded = decodeBoxes(
    tf.gather(stopGradient(deltas), indices, 1, 1),
    tf.gather(anchors, indices, 0),
    RPN_WEIGHTS,
  );
  const boxes = clipBoxes(decoded, sizes);
  const scores = tf.where(areLarge(boxes, side), values, tf.fill(values.shape, -Infinity));
  const limit = Math.min(after, count);
  const kept = suppressEach(
    boxes,
    scores,
    (boxes, scores) => nonMaxSuppression(boxes, scores, limit, threshold),
  );
  return { boxes: tf.gather(boxes, kept.indices, 1, 1), scores: kept.scores };
}
