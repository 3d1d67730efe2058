import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { boxIou, clipBoxes, decodeBoxes, encodeBoxes, HEAD_WEIGHTS } from "../../lib/nn/boxes.ts";
import { assertNear } from "../support/tolerance.ts";

await tf.setBackend("cpu");

Deno.test("decodeBoxes: is the inverse of encodeBoxes", () => {
  const boxes = tf.tensor2d([[3, 4, 30, 50], [0, 0, 10, 10]]);
  const truths = tf.tensor2d([[-5, 7, 80, 20], [100, 100, 101, 400]]);
  const deltas = encodeBoxes(truths, boxes, HEAD_WEIGHTS);
  const decoded = decodeBoxes(deltas, boxes, HEAD_WEIGHTS);
  assertNear("decoded", decoded.dataSync(), truths.dataSync(), 1e-5);
});

Deno.test("encodeBoxes, boxIou: boxes without an area have finite numbers", () => {
  const empty = tf.zeros([1, 4]);
  const box = tf.tensor2d([[1, 2, 3, 5]]);
  for (const [a, b] of [[empty, box], [box, empty], [empty, empty]]) {
    assert(encodeBoxes(a, b, HEAD_WEIGHTS).dataSync().every(Number.isFinite));
    assertEquals([...boxIou(a, b).dataSync()], [0]);
  }
});

Deno.test("clipBoxes: each image has its own size", () => {
  const boxes = tf.tensor3d([[[-1, -2, 30, 40]], [[5, 6, 30, 40]]]);
  const clipped = clipBoxes(boxes, tf.tensor2d([[20, 10], [35, 50]]));
  assertEquals([...clipped.dataSync()], [0, 0, 10, 20, 5, 6, 30, 35]);
});
