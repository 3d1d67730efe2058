import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";

/**
 * Weights of the four numbers that a detector learns for a box: those of the centre's x and y, of
 * width and height.
 */
export type BoxWeights = readonly [x: number, y: number, width: number, height: number];

/** The weights of the deltas of a region proposal network. */
export const RPN_WEIGHTS: BoxWeights = [1, 1, 1, 1];

/** The weights of the deltas of a box head. */
export const HEAD_WEIGHTS: BoxWeights = [10, 10, 5, 5];

/** The largest logarithm of a side's growth that decoding allows. */
const LARGEST_GROWTH = Math.log(1000 / 16);

/** The parts of boxes, […] each. */
interface Parts {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly width: Tensor;
  readonly height: Tensor;
}

/** The centres and sides of boxes, […, 4]. */
function partsOf(boxes: Tensor): Parts {
  const [x1, y1, x2, y2] = tf.unstack(boxes, -1);
  const width = tf.sub(x2, x1);
  const height = tf.sub(y2, y1);
  return {
    x: tf.add(x1, tf.mul(width, 0.5)),
    y: tf.add(y1, tf.mul(height, 0.5)),
    width,
    height,
  };
}

/** The areas of boxes x1, y1, x2, y2, […, 4]: […]. */
export function boxAreas(boxes: Tensor): Tensor {
  const { width, height } = partsOf(boxes);
  return tf.mul(width, height);
}

/**
 * The intersection over union of each box of `a`, […, n, 4], with each of `b`, […, m, 4]: […, n,
 * m]. Boxes are x1, y1, x2, y2. Two boxes without an area have 0.
 */
export function boxIou(a: Tensor, b: Tensor): Tensor {
  const [ax1, ay1, ax2, ay2] = tf.unstack(tf.expandDims(a, -2), -1);
  const [bx1, by1, bx2, by2] = tf.unstack(tf.expandDims(b, -3), -1);
  const common = (a1: Tensor, a2: Tensor, b1: Tensor, b2: Tensor) =>
    tf.maximum(tf.sub(tf.minimum(a2, b2), tf.maximum(a1, b1)), 0);
  const intersection = tf.mul(common(ax1, ax2, bx1, bx2), common(ay1, ay2, by1, by2));
  const areas = tf.add(tf.expandDims(boxAreas(a), -1), tf.expandDims(boxAreas(b), -2));
  const union = tf.sub(areas, intersection);
  return tf.div(intersection, tf.maximum(union, 1e-12));
}

/** x where it is positive, else 1. */
function positive(x: Tensor): Tensor {
  return tf.where(tf.greater(x, 0), x, tf.onesLike(x));
}

/**
 * The numbers by which `boxes` become `truths`, both x1, y1, x2, y2, […, 4]: the way of the centre
 * in sides of the box, and the logarithms of the growth of the sides, times `weights`. A side that
 * is not positive counts as 1, so that empty boxes, which padding has, get finite numbers.
 */
export function encodeBoxes(truths: Tensor, boxes: Tensor, weights: BoxWeights): Tensor {
  const from = partsOf(boxes);
  const to = partsOf(truths);
  const width = positive(from.width);
  const height = positive(from.height);
  return tf.stack([
    tf.mul(tf.div(tf.sub(to.x, from.x), width), weights[0]),
    tf.mul(tf.div(tf.sub(to.y, from.y), height), weights[1]),
    tf.mul(tf.log(tf.div(positive(to.width), width)), weights[2]),
    tf.mul(tf.log(tf.div(positive(to.height), height)), weights[3]),
  ], -1);
}

/**
 * The boxes that `deltas`, […, 4], make of `boxes`, x1, y1, x2, y2: the inverse of `encodeBoxes`.
 * No side becomes more than 1000 / 16 times as long. Dimensions of length 1 are repeated. Gradients
 * flow to the deltas and the boxes.
 */
export function decodeBoxes(deltas: Tensor, boxes: Tensor, weights: BoxWeights): Tensor {
  const from = partsOf(boxes);
  const [dx, dy, dw, dh] = tf.unstack(deltas, -1).map((delta, i) => tf.div(delta, weights[i]));
  const grow = (side: Tensor, by: Tensor) => tf.mul(tf.exp(tf.minimum(by, LARGEST_GROWTH)), side);
  const x = tf.add(from.x, tf.mul(dx, from.width));
  const y = tf.add(from.y, tf.mul(dy, from.height));
  const halfWidth = tf.mul(grow(from.width, dw), 0.5);
  const halfHeight = tf.mul(grow(from.height, dh), 0.5);
  return tf.stack([
    tf.sub(x, halfWidth),
    tf.sub(y, halfHeight),
    tf.add(x, halfWidth),
    tf.add(y, halfHeight),
  ], -1);
}

/**
 * Moves the corners of boxes, [batch, …, 4], into their images, whose heights and widths are
 * `sizes`, [batch, 2].
 */
export function clipBoxes(boxes: Tensor, sizes: Tensor): Tensor {
  const [height, width] = tf.unstack(sizes, -1);
  const ones = boxes.shape.slice(1, -1).map(() => 1);
  const farthest = tf.reshape(tf.stack([width, height, width, height], -1), [-1, ...ones, 4]);
  return tf.minimum(tf.maximum(boxes, 0), farthest);
}

/** Whether both sides of boxes, […, 4], are at least so long: bool […]. */
export function areLarge(boxes: Tensor, side: number): Tensor {
  const { width, height } = partsOf(boxes);
  return tf.logicalAnd(tf.greaterEqual(width, side), tf.greaterEqual(height, side));
}
