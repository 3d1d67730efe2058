import { unitOf } from "../tasks/task.ts";
import type { Shown } from "./figure.ts";

/** The name of a measure, and its unit in brackets after it. */
export interface MeasureTitle {
  readonly title: string;
  /** ` (%)`. Empty if it is no percentage. */
  readonly unit: string;
}

/** The primary measure of experiments, for titles and axes. Those of several tasks are all named. */
export function primaryTitle(shown: readonly Shown[]): MeasureTitle {
  const measures = shown.map(({ experiment: { dataset: { task } } }) =>
    task.measures[task.primary]
  );
  const units = new Set(measures.map(unitOf));
  return {
    title: [...new Set(measures.map(({ title }) => title))].join(", "),
    unit: units.size === 1 ? [...units][0] : "",
  };
}
