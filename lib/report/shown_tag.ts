import { REPORTS, selfTeacherReport, spotOfReport } from "../figures/reports.ts";
import { type Task, unitOf } from "../tasks/task.ts";

/** How a page shows the numbers of a tag. */
export interface ShownTag {
  readonly title: string;
  /** What a number of the log is multiplied by. */
  readonly scale: number;
}

/** The images that a measure is of, by the start of its tag. */
const OF: { readonly [start: string]: string } = {
  train: "training",
  test: "test",
  average: "test, moving average",
  holdout: "hold-out",
};

/** Tags of a log that are no measure of a task. */
const TITLES: { readonly [tag: string]: string } = {
  "lr": "learning rate",
  "train/loss": "loss",
  "perf/trials": "trials that train together",
  "perf/images_per_second": "images per second (all trials together)",
  "perf/data_seconds": "waiting for data (s, all trials together)",
  "perf/seconds": "time of an epoch (s, all trials together)",
  "perf/rss_mb": "memory (MB)",
};

/** The starts of tags that name a part of the method. */
const PARTS: { readonly [start: string]: string } = {
  "train/loss/": "loss: ",
  "train/grad/": "norm of the gradient: ",
  [REPORTS]: "",
};

/** The significant digits of a number. */
const DIGITS = 5;

/** A number of a log as a page shows it. */
export function shownNumber({ scale }: ShownTag, value: number): number {
  return Number((scale * value).toPrecision(DIGITS));
}

/** How the numbers of a tag are shown: `test/top1` as `top-1, test (%)`. */
export function shownTag(tag: string, { measures }: Task): ShownTag {
  const report = tag.startsWith(REPORTS)
    ? shownReport(tag.slice(REPORTS.length), measures)
    : undefined;
  if (report) return report;
  const part = Object.entries(PARTS).find(([start]) => tag.startsWith(start));
  if (part) return { title: part[1] + tag.slice(part[0].length), scale: 1 };
  const [start, name] = tag.split("/");
  const measure = measures[name];
  if (measure && OF[start]) {
    return { title: `${measure.title}, ${OF[start]}${unitOf(measure)}`, scale: 1 };
  }
  return { title: TITLES[tag] ?? tag, scale: 1 };
}

/** How a report is shown whose meaning is known: shares of 1 as percentages. */
function shownReport(name: string, measures: Task["measures"]): ShownTag | undefined {
  const spot = spotOfReport(name);
  if (spot !== undefined) return { title: `samples distilled: ${spot} (%)`, scale: 100 };
  const own = selfTeacherReport(name);
  const measure = own && measures[own.measure];
  if (!measure) return undefined;
  const title = `${measure.title} of SLKD's own teachers: ${own.teacher}${unitOf(measure)}`;
  return { title, scale: measure.isPercentage ? 100 : 1 };
}
