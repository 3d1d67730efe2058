import { Failure } from "../values/failure.ts";
import { readBoxLabels } from "./box_labels.ts";
import type { CocoStat } from "./coco_evaluation.ts";
import type { Measure, Task } from "./task.ts";

const measure = (title: string): Measure => ({ title, decimals: 2, isPercentage: true });

const measures: { readonly [K in CocoStat]: Measure } = {
  AP: measure("AP"),
  AP50: measure("AP50"),
  AP75: measure("AP75"),
  APs: measure("APs"),
  APm: measure("APm"),
  APl: measure("APl"),
  AR1: measure("AR1"),
  AR10: measure("AR10"),
  AR100: measure("AR100"),
  ARs: measure("ARs"),
  ARm: measure("ARm"),
  ARl: measure("ARl"),
};

/** Refuses to learn or to score. */
function refuse(): never {
  throw new Failure(
    2,
    "no network learns to detect objects yet: this data set can be read and surveyed only",
  );
}

/**
 * Detection of objects, scored as COCO does. It reads the boxes of a batch. Learning and scoring are
 * refused (exit 2).
 */
export const detection: Task = {
  id: "detection",
  measures,
  primary: "AP",
  readLabels: readBoxLabels,
  target: refuse,
  evaluate: refuse,
  tally: refuse,
  predict: refuse,
  examine: refuse,
};
