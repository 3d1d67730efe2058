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

Deno.test("pyramidRoiAlign: on a linear map a bin has the value at its centre", async () => {
  await tf.setBackend("cpu");
  // 100 · image + 10 · row + column.
  const pixels = Array.from(
    { length: 72 },
    (_, i) => 100 * Math.floor(i / 36) + 10 * (Math.floor(i / 6) % 6) + i % 6,
  );
  // On the map: rows 2 to 5 and columns 1 to 3 of the second image, rows 1 to 3 and columns 2 to 5.
  const regions = {
    boxes: tf.tensor2d([[4, 8, 12, 20], [8, 4, 20, 12]]),
    images: tf.tensor1d([1, 0], "int32"),
  };
  for (const [aligned, shift] of [[false, 0], [true, 0.5]] as const) {
    const at = (image: number, row: number, column: number) =>
      100 * image + 10 * (row - shift) + column - shift;
    const map = tf.tensor(pixels, [2, 6, 6, 1]);
    const pooled = pyramidRoiAlign([map], regions, 2, { bins: 2, aligned });
    const expected = [
      ...[at(1, 2.75, 1.5), at(1, 2.75, 2.5), at(1, 4.25, 1.5), at(1, 4.25, 2.5)],
      ...[at(0, 1.5, 2.75), at(0, 1.5, 4.25), at(0, 2.5, 2.75), at(0, 2.5, 4.25)],
    ];
    assertNear(`aligned ${aligned}`, pooled.dataSync(), expected, 1e-5);
  }
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
