import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { Attr, DataType, typeAttribute } from "../tensorflow/binding.ts";
import { FLOAT, nativeOr } from "./native.ts";

/** The boxes that non-maximum suppression keeps, best first. */
export interface Kept {
  /** Their indices, int32 [limit]; 0 after the last one. */
  readonly indices: Tensor;
  /** Their number, an int32 scalar. */
  readonly count: Tensor;
}

/** Scores below it are none: a box of score −∞ is never kept. */
const NO_SCORE = -3e38;

/**
 * Non-maximum suppression of boxes x1, y1, x2, y2, [boxes, 4], by scores, [boxes]: from the best
 * score down, of equal ones the first, keeps a box unless its intersection over union with a kept
 * one is greater than `threshold`, until there are `limit`. No gradient flows through. Runs
 * TensorFlow's `NonMaxSuppressionV4`. The twin on tfjs's own backend compares in double precision.
 */
export function nonMaxSuppression(
  boxes: Tensor,
  scores: Tensor,
  limit: number,
  threshold: number,
): Kept {
  const { float32, int32 } = DataType;
  const attributes = [
    FLOAT,
    typeAttribute("T_threshold", float32),
    { name: "pad_to_max_output_size", type: Attr.bool, value: true },
  ];
  return nativeOr(() => suppressTwin(boxes, scores, limit, threshold), (native) => {
    const [indices, count] = native.chain(
      [boxes, scores],
      ({ op, constant }, boxes, scores) => {
        const float = (value: number) => constant([], float32, Float32Array.of(value));
        const size = constant([], int32, Int32Array.of(limit));
        const inputs = [boxes, scores, size, float(threshold), float(NO_SCORE)];
        return op("NonMaxSuppressionV4", inputs, attributes, 2);
      },
    );
    return { indices, count };
  });
}

/** `nonMaxSuppression` in JavaScript. */
function suppressTwin(boxes: Tensor, scores: Tensor, limit: number, threshold: number): Kept {
  const box = boxes.dataSync();
  const score = scores.dataSync();
  const order = Array.from(score, (_, i) => i).filter((i) => score[i] > NO_SCORE);
  const kept: number[] = [];
  for (const i of order.sort((a, b) => score[b] - score[a])) {
    if (kept.length === limit) break;
    if (kept.every((j) => overlap(box, i, j) <= threshold)) kept.push(i);
  }
  const indices = Int32Array.from({ length: limit }, (_, i) => kept[i] ?? 0);
  return { indices: tf.tensor1d(indices, "int32"), count: tf.scalar(kept.length, "int32") };
}

/** The intersection over union of two boxes, 0 if one of them is empty. */
function overlap(boxes: ArrayLike<number>, i: number, j: number): number {
  const [a, b] = [4 * i, 4 * j];
  const area = (at: number) => (boxes[at + 2] - boxes[at]) * (boxes[at + 3] - boxes[at + 1]);
  const common = (axis: number) =>
    Math.max(
      0,
      Math.min(boxes[a + 2 + axis], boxes[b + 2 + axis]) -
        Math.max(boxes[a + axis], boxes[b + axis]),
    );
  const intersection = common(0) * common(1);
  return intersection && intersection / (area(a) + area(b) - intersection);
}
