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

/** COCO's twelve numbers in percent. −1 stays −1: there was no such object to find. */
export function scoreOf({ stats }: CocoEvaluation): Score {
  return Object.fromEntries(
    Object.entries(stats).map(([name, value]) => [name, value < 0 ? value : 100 * value]),
  );
}
