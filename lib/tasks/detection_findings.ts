import { formatFixed } from "../values/numbers.ts";
import { classTables } from "./class_tables.ts";
import { CocoResults } from "./coco_results.ts";
import { scoreOf } from "./detection_tally.ts";
import type { Findings, LabelSource, Tally } from "./task.ts";

/**
 * Starts a tally of detections. It finds COCO's score, and of each class the number of objects, AP
 * and AP50 in percent, `null` if there is no object to find. Crowds are not counted.
 */
export function detectionFindings(
  [, ...classes]: readonly string[],
  split: LabelSource,
): Tally<Findings> {
  const results = new CocoResults(split);
  return {
    add: (values, labels) => results.add(values, labels),
    result() {
      const evaluation = results.evaluate();
      const objects = results.objects().filter(({ iscrowd }) => iscrowd === 0);
      const perClass = evaluation.perCategory.map(({ AP, AP50 }, k) => ({
        class: classes[k],
        objects: objects.filter(({ category_id }) => category_id === evaluation.categories[k])
          .length,
        AP: percentageOf(AP),
        AP50: percentageOf(AP50),
      }));
      const rows = perClass.map(({ class: name, objects, AP, AP50 }) => ({
        cells: [name, String(objects), format(AP), format(AP50)],
        by: AP,
      }));
      return {
        score: scoreOf(evaluation),
        details: { perClass },
        tables: (whole) => classTables(rows, ["objects", "AP", "AP50"], whole),
      };
    },
  };
}

function percentageOf(value: number): number | null {
  return value < 0 ? null : 100 * value;
}

function format(percentage: number | null): string {
  return percentage === null ? "–" : formatFixed(percentage);
}
