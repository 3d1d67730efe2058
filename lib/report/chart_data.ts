import { declaration, settingName } from "../experiment/declaration.ts";
import { leaves } from "../values/leaves.ts";
import { describeJson } from "../values/words.ts";
import type { ReportedRun } from "./report.ts";
import { shownNumber, shownTag } from "./shown_tag.ts";

/** What the page's script draws and compares. */
export interface ChartData {
  readonly runs: readonly ChartRun[];
  /** The tags that runs logged, with their titles, in the order of the logs. */
  readonly tags: readonly (readonly [tag: string, title: string])[];
  /** Every `stride`-th epoch is there, and the last one. 1: all are. */
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

/** The most characters of the JSON, however much room there is. */
const MOST = 1_200_000;

/**
 * Collects the logs and settings of runs. If their JSON would have more characters than there is
 * `room`, it takes every second or third epoch and so on, and the last one.
 */
export function chartData(runs: readonly ReportedRun[], room = Infinity): ChartData {
  const tags = new Map<string, string>();
  for (const { log, experiment } of runs) {
    for (const tag of log.flatMap(Object.keys)) {
      if (tag !== "epoch") tags.set(tag, shownTag(tag, experiment.dataset.task).title);
    }
  }
  const thinned = (stride: number): ChartData => ({
    runs: runs.map((run) => chartRun(run, stride)),
    tags: [...tags],
    stride,
  });
  const longest = Math.max(1, ...runs.map(({ log }) => log.length));
  const [all, least] = [1, longest].map((stride) => JSON.stringify(thinned(stride)).length);
  const most = Math.min(MOST, room);
  if (all <= most) return thinned(1);
  // A stride keeps the `least` characters, and one in `stride` of the others.
  const stride = most > least ? Math.ceil((all - least) / (most - least)) : longest;
  return thinned(Math.min(longest, stride));
}

function chartRun({ label, experiment, log }: ReportedRun, stride: number): ChartRun {
  const shown = log.filter((_, i) => i === log.length - 1 || i % stride === 0);
  const own = new Set(log.flatMap(Object.keys).filter((tag) => tag !== "epoch"));
  const values = Array.from(own, (tag) => {
    const as = shownTag(tag, experiment.dataset.task);
    return [
      tag,
      shown.map(({ [tag]: value }) => value === undefined ? null : shownNumber(as, value)),
    ];
  });
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
    .map(([path, value]) => [settingName(path), describeJson(value)]);
  return Object.fromEntries(texts);
}
