import { assertEquals } from "@std/assert";
import { readBoxLabels } from "../../lib/tasks/box_labels.ts";
import { detectionFindings } from "../../lib/tasks/detection_findings.ts";
import { detectionTally } from "../../lib/tasks/detection_tally.ts";
import { boxImages, type Found, object, valuesOf } from "../support/box_images.ts";

/** The findings in photos of which each has an object of a class of its own, the first a crowd too. */
function findings(categories: number, found: readonly (readonly Found[])[]) {
  const images = found.map((_, i) => ({
    id: 10 + i,
    photo: [100, 100] as const,
    size: [100, 100] as const,
  }));
  const objects = images.map(({ id }, i) => object(i + 1, id, 2 * (i + 1), [0, 0, 50, 50]));
  const crowd = object(999, 10, 2, [50, 50, 50, 50], 1);
  const ids = Array.from({ length: categories }, (_, k) => 2 * (k + 1));
  const split = boxImages(images, ids, [...objects, crowd]);
  const classes = ["background", ...ids.map((id) => `c${id / 2}`)];
  const labels = readBoxLabels(split, Int32Array.from(images.keys()));
  const [tally, score] = [detectionFindings(classes, split), detectionTally(split)];
  tally.add(valuesOf(found), labels);
  score.add(valuesOf(found), labels);
  const result = tally.result();
  assertEquals(result.score, score.result());
  return result;
}

Deno.test("detectionFindings: AP and AP50 of each class, null where there is nothing to find", () => {
  // The first class is found, the second by a box of IoU 0.8, the third is not there.
  const { details, tables } = findings(3, [
    [[0.9, 1, [0, 0, 50, 50]]],
    [[0.9, 2, [0, 0, 40, 50]]],
  ]);
  const { perClass } = JSON.parse(JSON.stringify(details));
  assertEquals(
    perClass.map(({ AP, AP50, ...rest }: { [measure: string]: number | null }) => ({
      ...rest,
      AP: AP && Math.round(AP),
      AP50: AP50 && Math.round(AP50),
    })),
    [
      { class: "c1", objects: 1, AP: 100, AP50: 100 },
      { class: "c2", objects: 1, AP: 70, AP50: 100 },
      { class: "c3", objects: 0, AP: null, AP50: null },
    ],
  );
  assertEquals(tables(false), [{
    rows: [
      ["class", "objects", "AP", "AP50"],
      ["c1", "1", "100.00", "100.00"],
      ["c2", "1", "70.00", "100.00"],
      ["c3", "0", "–", "–"],
    ],
    left: 1,
  }]);
});

Deno.test("detectionFindings: of many classes the best and the worst, or the whole table", () => {
  const { tables } = findings(
    30,
    Array.from({ length: 25 }, (_, i): Found[] => i < 12 ? [[0.9, i + 1, [0, 0, 50, 50]]] : []),
  );
  const [best, worst, ...others] = tables(false).map(({ rows }) => rows.map(([name]) => name));
  assertEquals(others, []);
  assertEquals(best, ["best 10 classes", ...Array.from({ length: 10 }, (_, i) => `c${i + 1}`)]);
  assertEquals(worst, ["worst 10 classes", ...Array.from({ length: 10 }, (_, i) => `c${25 - i}`)]);
  const [whole] = tables(true);
  assertEquals([whole.rows.length, whole.rows[30]], [31, ["c30", "0", "–", "–"]]);
});
