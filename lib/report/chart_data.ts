import { declaration } from "../experiment/declaration.ts";
import { leaves } from "../values/leaves.ts";
import { describeJson } from "../values/words.ts";
import type { ReportedRun } from "./report.ts";
import { tagTitle } from "./titles.ts";

/** What the page's script draws and compares. */
export interface ChartData {
  readonly runs: readonly ChartRun[];
  /** The tags that runs logged, with their titles, in the order of the logs. */
  readonly tags: readonly (readonly [tag: string, title: string])[];
  /** Every which epoch is there; 1 if all are. */
  readonly stride: number;
}

/** A run in the script. */
export interface ChartRun {
  readonly name: string;
  /** The declaration, as text by path. */
  readonly settings: { readonly [path: string]: string };
  readonly epochs: readonly number[];
  /** The values of a tag at these epochs; `null` where it was not logged. */
  readonly values: { readonly [tag: string]: readonly (number | null)[] };
}

/** The numbers that a page holds at most: about a megabyte. */
const MOST_NUMBERS = 120_000;

/** The significant digits of a value. */
const DIGITS = 5;

/**
 * Collects the logs and settings of runs. Of long logs, or many, it takes every second or third
 * epoch and so on, and the last one.
 */
export function chartData(runs: readonly ReportedRun[]): ChartData {
  const tags = new Map<string, string>();
  for (const { log, experiment } of runs) {
    for (const tag of log.flatMap(Object.keys)) {
      if (tag !== "epoch") tags.set(tag, tagTitle(tag, experiment.dataset.task));
    }
  }
  const numbers = runs.reduce(
    (sum, { log }) => sum + log.reduce((sum, entry) => sum + Object.keys(entry).length, 0),
    0,
  );
  const stride = Math.max(1, Math.ceil(numbers / MOST_NUMBERS));
  return { runs: runs.map((run) => chartRun(run, stride)), tags: [...tags], stride };
}

function chartRun({ label, experiment, log }: ReportedRun, stride: number): ChartRun {
  const shown = log.filter((_, i) => i === log.length - 1 || i % stride === 0);
  const own = new Set(log.flatMap(Object.keys).filter((tag) => tag !== "epoch"));
  const values = Array.from(own, (tag) => [
    tag,
    shown.map(({ [tag]: value }) => value === undefined ? null : Number(value.toPrecision(DIGITS))),
  ]);
  return {
    name: label,
    settings: settingsOf(experiment),
    epochs: shown.map(({ epoch }) => epoch),
    values: Object.fromEntries(values),
  };
}

/** The declaration of an experiment, as text by path: `student.width`. */
function settingsOf(experiment: ReportedRun["experiment"]): { readonly [path: string]: string } {
  const texts = Array.from(leaves(declaration(experiment)))
    // A part without options has its name alone.
    .filter(([path]) => !path.endsWith(".options"))
    .map(([path, value]) => [
      path.replaceAll(".options.", ".").replace(/\.id$/, ""),
      describeJson(value),
    ]);
  return Object.fromEntries(texts);
}
