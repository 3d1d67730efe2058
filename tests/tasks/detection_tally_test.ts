import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { subset } from "../../lib/data/split.ts";
import { metricReader, valueAt } from "../../lib/project/metric.ts";
import { readBoxLabels } from "../../lib/tasks/box_labels.ts";
import { evaluateBoxes } from "../../lib/tasks/coco_evaluation.ts";
import { detection } from "../../lib/tasks/detection.ts";
import { detectionTally } from "../../lib/tasks/detection_tally.ts";
import type { LabelSource } from "../../lib/tasks/task.ts";
import { Failure } from "../../lib/values/failure.ts";
import { boxImages, type Found, object, valuesOf } from "../support/box_images.ts";

/** Photos that are scaled in different ways, with categories whose ids have gaps. */
const split = boxImages(
  [
    { id: 31, photo: [200, 400], size: [100, 100] },
    { id: 7, photo: [50, 60], size: [100, 120] },
    { id: 12, photo: [100, 100], size: [100, 100] },
  ],
  [90, 1, 13],
  [
    object(1, 31, 13, [40, 20, 80, 60]),
    object(2, 7, 90, [10, 10, 20, 20]),
    object(3, 12, 1, [10, 10, 50, 50]),
    object(4, 12, 1, [60, 60, 30, 30]),
  ],
);

/** The detections of each image. The last image's one is of IoU 0.8, after a miss. */
const found: readonly (readonly Found[])[] = [
  [[0.9, 2, [10, 10, 30, 40]]],
  [[0.8, 3, [20, 20, 60, 60]]],
  [[0.7, 1, [0, 60, 30, 100]], [0.6, 1, [10, 10, 50, 60]]],
];

function scoreOf(of: LabelSource, batches: readonly (readonly number[])[], detections = found) {
  const tally = detectionTally(of);
  for (const indices of batches) {
    const labels = readBoxLabels(of, Int32Array.from(indices));
    tally.add(valuesOf(indices.map((index) => detections[index])), labels);
  }
  return tally.result();
}

Deno.test("detectionTally: boxes are scaled back to the photo, classes are categories by id", () => {
  const score = scoreOf(split, [[0, 1], [2]]);
  const { stats } = evaluateBoxes(split.instances, [
    { image_id: 31, category_id: 13, bbox: [40, 20, 80, 60], score: 0.9 },
    { image_id: 7, category_id: 90, bbox: [10, 10, 20, 20], score: 0.8 },
    { image_id: 12, category_id: 1, bbox: [0, 60, 30, 40], score: 0.7 },
    { image_id: 12, category_id: 1, bbox: [10, 10, 40, 50], score: 0.6 },
  ]);
  // Of class 1, one of two objects is found at half precision: up to a recall of 0.5, 51 of 101.
  assertAlmostEquals(score.AP50, 100 * (1 + 1 + 51 / 101 / 2) / 3, 1e-9);
  assertAlmostEquals(score.AP75, score.AP50, 1e-9);
  assertAlmostEquals(score.AP, 100 * (1 + 1 + 0.7 * 51 / 101 / 2) / 3, 1e-9);
  assertAlmostEquals(score.AR1, 100 * 2 / 3, 1e-9);
  assertAlmostEquals(score.APs, 100 * (1 + 0) / 2, 1e-9);
  const { APl, ARl, ...others } = stats;
  assertEquals([APl, ARl], [-1, -1], "there is no large object");
  assertEquals(Object.keys(score), Object.keys(others));
  for (const [name, value] of Object.entries(others)) {
    assertAlmostEquals(score[name], 100 * value, 1e-9, name);
  }
});

Deno.test("detectionTally: the score does not depend on the batches", () => {
  const score = scoreOf(split, [[0, 1, 2]]);
  for (const batches of [[[0], [1], [2]], [[1, 0], [2]]]) {
    assertEquals(scoreOf(split, batches), score);
  }
});

Deno.test("detectionTally: only the images that were added count", () => {
  const limited = scoreOf(split, [[0, 1]]);
  assertAlmostEquals(limited.AP, 100, 1e-9);
  assertEquals([limited.APs, limited.APm].map(Math.round), [100, 100]);
  const missed = scoreOf(split, [[0], [1]], [[], ...found.slice(1)]);
  assertAlmostEquals(missed.AP, 50, 1e-9);
});

Deno.test("detectionTally: a score without objects of a size can be recorded and read", () => {
  const score = scoreOf(split, [[0, 1, 2]]);
  const pairs = Object.entries(score).map(([name, value]) => [name, { last: value, best: value }]);
  const metric = Object.fromEntries(pairs);
  assertEquals(metricReader(detection)(metric, "metric"), metric);
  assertEquals(valueAt(metric, "APl", "last"), undefined);
});

Deno.test("detectionTally: images without any object are a failure", () => {
  const empty = boxImages([{ id: 1, photo: [50, 50], size: [50, 50] }], [1], []);
  const { exit, message } = assertThrows(() => scoreOf(empty, [[0]], [[]]), Failure);
  assertEquals(exit, 3);
  assertEquals(message, "none of the evaluated images has an object to find: evaluate more images");
});

Deno.test("detectionTally: a part of a part of a split looks for its own objects", () => {
  const part = subset(subset(split, [2, 1, 0]), [0, 2]);
  const own = [found[2], found[0]];
  assertEquals(scoreOf(part, [[0], [1]], own), scoreOf(split, [[2, 0]]));
});

Deno.test("detectionTally: a number that is none is a failure, a split without boxes an error", () => {
  const { exit } = assertThrows(
    () => scoreOf(split, [[0]], [[[NaN, 1, [0, 0, 1, 1]]]]),
    Failure,
  );
  assertEquals(exit, 4);
  assertThrows(() => detectionTally({ labels: new Int32Array(1) }), Error, "have no boxes");
});
