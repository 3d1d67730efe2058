import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { pyramidRoiAlign, roiAlign, roiLevels } from "../../lib/nn/roi_align.ts";
import { assertTwins, draw } from "../support/gradients.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

const regions = () => ({
  boxes: tf.tensor2d([[0, 0, 24, 24], [0, 0, 24, 24]]),
  images: tf.tensor1d([1, 0], "int32"),
});

Deno.test("roiAlign: one aligned sample for each pixel gives the map", async () => {
  await tf.setBackend("cpu");
  const map = draw("map", [2, 6, 6, 3]);
  const pooled = roiAlign(map, regions(), 0.25, { bins: 6, ratio: 1, aligned: true });
  assertNear("map", pooled.dataSync(), tf.reverse(map, 0).dataSync(), 1e-6);
});

Deno.test("roiAlign: with ratio 0 a region as long as its bins has one sample a bin", async () => {
  await tf.setBackend("cpu");
  const map = draw("map", [2, 6, 6, 3]);
  const [one, byLength] = [1, 0].map((ratio) =>
    roiAlign(map, regions(), 0.25, { bins: 6, ratio }).dataSync()
  );
  assertNear("pooled", byLength, one, 1e-6);
});

for (const ratio of [0, 1, 3]) {
  await needs(everything, `roiAlign: ratio ${ratio} equals its twin`, async () => {
    await assertTwins(
      `ratio ${ratio}`,
      [[2, 6, 6, 3]],
      (x) => roiAlign(x, regions(), 0.2, { bins: 5, ratio, aligned: true }),
    );
  });
}

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
