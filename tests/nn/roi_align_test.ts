import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { pyramidRoiAlign, roiLevels } from "../../lib/nn/roi_align.ts";
import { assertTwins } from "../support/gradients.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

const regions = () => ({
  boxes: tf.tensor2d([[0, 0, 24, 24], [0, 0, 24, 24]]),
  images: tf.tensor1d([1, 0], "int32"),
});

await needs(everything, "pyramidRoiAlign: equals its twin", async () => {
  await assertTwins(
    "pooled",
    [[2, 6, 6, 3]],
    (x) => pyramidRoiAlign([x], regions(), 2, { bins: 5, aligned: true }),
  );
});

Deno.test("pyramidRoiAlign: an empty region is on the finest map, and finite", async () => {
  await tf.setBackend("cpu");
  const boxes = tf.zeros([1, 4]);
  assertEquals([...roiLevels(boxes, 2, 4).dataSync()], [0]);
  const maps = [8, 4].map((side) => tf.ones([1, side, side, 2]));
  const pooled = pyramidRoiAlign(maps, { boxes, images: tf.tensor1d([0], "int32") }, 2);
  assertNear("pooled", pooled.dataSync(), tf.onesLike(pooled).dataSync(), 1e-6);
});

Deno.test("pyramidRoiAlign: a region that is no number gives zeros", async () => {
  await tf.setBackend("cpu");
  const maps = [8, 4].map((side) => tf.ones([1, side, side, 2]));
  const regions = { boxes: tf.fill([1, 4], NaN), images: tf.tensor1d([0], "int32") };
  assertEquals([...new Set(pyramidRoiAlign(maps, regions, 2).dataSync())], [0]);
});
