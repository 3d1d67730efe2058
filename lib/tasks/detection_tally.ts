import { Failure } from "../values/failure.ts";
import type { CocoEvaluation } from "./coco_evaluation.ts";
import { CocoResults } from "./coco_results.ts";
import type { LabelSource, Score, Tally } from "./task.ts";

/** Starts a tally of detections, whose score is COCO's over the images that were added. */
export function detectionTally(split: LabelSource): Tally<Score> {
  const results = new CocoResults(split);
  return {
    add: (values, labels) => results.add(values, labels),
    result: () => scoreOf(results.evaluate()),
  };
}

/**
 * COCO's numbers in percent, without those of sizes of which there was no object to find. Throws a
 * `Failure` (exit 3) if there was no object at all.
 */
export function scoreOf({ stats }: CocoEvaluation): Score {
  if (stats.AP < 0) {
    throw new Failure(
      3,
      "none of the evaluated images has an object to find: evaluate more images",
    );
  }
  return Object.fromEntries(
    Object.entries(stats).flatMap(([name, value]) => value < 0 ? [] : [[name, 100 * value]]),
  );
}
