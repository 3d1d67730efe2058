import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { matchBoxes } from "../../lib/nn/match_boxes.ts";

await tf.setBackend("cpu");

Deno.test("matchBoxes: an image without truths has background only", () => {
  const quality = tf.tensor3d([[[0.9, 0], [0, 0.2]], [[0.9, 0], [0, 0.2]]]);
  const count = tf.tensor1d([0, 2], "int32");
  const match = (bestOfEach: boolean) =>
    matchBoxes(quality, count, { high: 0.7, low: 0.1, bestOfEach }).arraySync();
  assertEquals(match(true), [[-1, -1], [0, 1]]);
  assertEquals(match(false), [[-1, -1], [0, -2]]);
});
