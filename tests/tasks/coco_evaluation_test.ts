import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  type CocoInstances,
  type CocoStats,
  evaluateBoxes,
} from "../../lib/tasks/coco_evaluation.ts";
import type { CocoAnnotation, CocoDetection } from "../../lib/tasks/coco_matching.ts";
import { Failure } from "../../lib/values/failure.ts";
import { stream } from "../../lib/values/random.ts";
import { needsPython, runPython } from "../support/python.ts";

type Box = CocoDetection["bbox"];

function annotation(
  id: number,
  bbox: Box,
  { image_id = 1, category_id = 7, iscrowd = 0 } = {},
): CocoAnnotation {
  return { id, image_id, category_id, bbox, area: bbox[2] * bbox[3], iscrowd };
}

function detection(bbox: Box, score: number, { image_id = 1, category_id = 7 } = {}) {
  return { image_id, category_id, bbox, score };
}

function instances(...annotations: CocoAnnotation[]): CocoInstances {
  return { images: [{ id: 2 }, { id: 1 }], categories: [{ id: 9 }, { id: 7 }], annotations };
}

const LARGE: Box = [0, 0, 100, 100];
const SMALL: Box = [200, 200, 20, 20];

function mapRounded(stats: CocoStats): { [name: string]: number } {
  return Object.fromEntries(
    Object.entries(stats).map(([name, value]) => [name, Math.fround(value)]),
  );
}

Deno.test("what is found exactly scores 1, what is not there is -1", () => {
  const { stats, perCategory, categories } = evaluateBoxes(
    instances(annotation(1, LARGE), annotation(2, SMALL, { image_id: 2 })),
    [detection(LARGE, 0.9), detection(SMALL, 0.8, { image_id: 2 })],
  );
  // pycocotools adds 2⁻⁵² to what it divides by.
  assertEquals(mapRounded(stats), {
    AP: 1,
    AP50: 1,
    AP75: 1,
    APs: 1,
    APm: -1,
    APl: 1,
    AR1: 1,
    AR10: 1,
    AR100: 1,
    ARs: 1,
    ARm: -1,
    ARl: 1,
  });
  assertEquals(categories, [7, 9]);
  assertEquals(perCategory.map(({ AP }) => Math.fround(AP)), [1, -1]);
  assertEquals(perCategory.map(({ AP50 }) => Math.fround(AP50)), [1, -1]);
});

Deno.test("a box of IoU 0.8 counts at seven of ten overlaps, after a miss at half precision", () => {
  const { stats } = evaluateBoxes(instances(annotation(1, LARGE)), [
    detection([0, 0, 80, 100], 0.5),
    detection([300, 300, 100, 100], 0.6),
  ]);
  assertAlmostEquals(stats.AP, 0.7 * 0.5, 1e-12);
  assertAlmostEquals(stats.AP50, 0.5, 1e-12);
  assertAlmostEquals(stats.AR100, 0.7, 1e-12);
  assertEquals(stats.AR1, 0);
});

Deno.test("boxes in a crowd are neither hits nor misses, however many", () => {
  const { stats } = evaluateBoxes(
    instances(annotation(1, LARGE), annotation(2, [200, 0, 200, 200], { iscrowd: 1 })),
    [detection([210, 10, 50, 50], 0.9), detection([300, 90, 50, 50], 0.8), detection(LARGE, 0.7)],
  );
  assertAlmostEquals(stats.AP, 1, 1e-12);
});

Deno.test("of one object found twice the second is a miss", () => {
  const { stats, scores } = evaluateBoxes(
    instances(annotation(1, LARGE), annotation(2, SMALL)),
    [detection(LARGE, 0.9), detection(LARGE, 0.8), detection(SMALL, 0.7)],
  );
  // Recalls up to 0.5 at precision 1, the other 50 of 101 at 2/3.
  assertAlmostEquals(stats.AP50, (51 + 50 * 2 / 3) / 101, 1e-12);
  assertEquals(new Set(scores.filter((score) => score >= 0)), new Set([0.9, 0.7, 0]));
});

Deno.test("nothing found is 0, nothing to find is -1, an unknown category counts for nothing", () => {
  assertEquals(evaluateBoxes(instances(annotation(1, LARGE)), []).stats.AP, 0);
  assertEquals(evaluateBoxes(instances(), [detection(LARGE, 1)]).stats.AP, -1);
  const { stats } = evaluateBoxes(instances(annotation(1, LARGE)), [
    detection(LARGE, 1),
    detection(LARGE, 1, { category_id: 8 }),
  ]);
  assertAlmostEquals(stats.AP, 1, 1e-12);
});

Deno.test("a detection in an unknown image and a number that is none are failures", () => {
  const failure = (one: CocoDetection) =>
    assertThrows(() => evaluateBoxes(instances(annotation(1, LARGE)), [one]), Failure);
  assertEquals(failure(detection(LARGE, 1, { image_id: 3 })).exit, 3);
  assertEquals(failure(detection(LARGE, NaN)).exit, 4);
  assertEquals(failure(detection([0, 0, Infinity, 1], 1)).exit, 4);
});

/** Crowds, equal scores, areas on the limits, an id 0, and detections beside objects or nowhere. */
function randomCase(seed: number) {
  const { uniform, below } = stream(seed, "coco");
  const ids = (count: number) => Array.from({ length: count }, (_, i) => ({ id: 3 * i + 1 }));
  const [images, categories] = [ids(1 + below(9)), ids(1 + below(4))];
  const pick = <T>(list: readonly T[]): T => list[below(list.length)];
  const box = (): Box => {
    const side = pick([2, 32, 96, 200]);
    return [below(200), below(200), pick([side, side * uniform()]), side];
  };
  const place = () => ({ image_id: pick(images).id, category_id: pick(categories).id });
  const annotations = Array.from({ length: 1 + below(50) }, (_, id) => {
    const bbox = box();
    const area = bbox[2] * bbox[3] * pick([0.5, 1]);
    return { id, ...place(), bbox, area, iscrowd: Number(uniform() < 0.2) };
  });
  const results = Array.from({ length: 1 + below(400) }, () => {
    const { image_id, category_id, bbox: [x, y, w, h] } = pick(annotations);
    const score = Math.round(10 * uniform()) / 10;
    if (uniform() < 0.3) return { ...place(), bbox: box(), score };
    const moved = pick([0, 1, 8]) * uniform();
    return { image_id, category_id, bbox: [x + moved, y, w + moved, h] as const, score };
  });
  return { instances: { images, categories, annotations }, results };
}

await needsPython(
  ["pycocotools"],
  "random sets are evaluated as pycocotools evaluates them, to 1e-12",
  async () => {
    const cases = Array.from({ length: 20 }, (_, seed) => randomCase(seed));
    const wanted = await runPython("evaluate_coco.py", [], cases) as {
      readonly [name: string]: readonly number[];
    }[];
    cases.forEach(({ instances, results }, i) => {
      const found = evaluateBoxes(instances, results);
      const arrays = { ...found, stats: Object.values(found.stats) };
      for (const name of ["stats", "precision", "scores", "recall"] as const) {
        assertEquals(arrays[name].length, wanted[i][name].length);
        const worst = Math.max(
          ...arrays[name].map((value, k) => Math.abs(value - wanted[i][name][k])),
        );
        assertEquals(worst < 1e-12, true, `set ${i}: ${name} differs by ${worst}`);
      }
    });
  },
);
