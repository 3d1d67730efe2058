/**
 * Paired differences. Trials of one seed see the same data in the same order, and students of one
 * network start with the same weights, so their difference varies less from seed to seed than their
 * values.
 *
 * @module
 */
import { dataKey } from "../experiment/data_name.ts";
import { experimentsThatTeach } from "../experiment/experiment.ts";
import { valueAt } from "../project/metric.ts";
import type { Trial } from "../project/result.ts";
import type { Task } from "../tasks/task.ts";
import { NONE } from "../values/markdown.ts";
import { formatSigned } from "../values/numbers.ts";
import { studentT, type Summary, summary } from "../values/statistics.ts";
import type { LabelledOutcome } from "./own_rows.ts";

/**
 * The differences of a measure after the last epoch: trials of one experiment minus those of
 * another.
 */
export interface Paired extends Summary {
  /** The number of seeds that both have. */
  readonly n: number;
  /**
   * The 95 % confidence interval of the mean difference (Student's t); `undefined` if there is one
   * seed only.
   */
  readonly interval?: { readonly low: number; readonly high: number };
  /**
   * What the side of 0 on which the interval lies means for this measure; `undecided` if 0 is in it.
   */
  readonly verdict: "better" | "worse" | "undecided" | "one seed";
}

/**
 * The differences in a measure of a task between the trials of two experiments, seed by seed: `of`
 * minus `over`. A distance from teachers is compared only between trials of the same teachers.
 * `undefined` if nothing can be compared.
 */
export function pairTrials(
  of: readonly Trial[],
  over: readonly Trial[],
  { measures }: Pick<Task, "measures">,
  measure: string,
): Paired | undefined {
  const { isLessBetter, isToTeacher } = measures[measure];
  const differences = of.flatMap((trial) => {
    const rival = over.find(({ seed }) => seed === trial.seed);
    if (!rival || isToTeacher && teachersOf(trial) !== teachersOf(rival)) return [];
    const one = valueAt(trial.metric, measure, "last");
    const other = valueAt(rival.metric, measure, "last");
    return one === undefined || other === undefined ? [] : [one - other];
  });
  const all = summary(differences);
  const n = differences.length;
  if (!all) return undefined;
  const { mean, std } = all;
  if (std === undefined) return { mean, n, verdict: "one seed" };
  const half = studentT(0.95, n - 1) * std / Math.sqrt(n);
  const low = mean - half;
  const high = mean + half;
  const [more, less] = isLessBetter ? ["worse", "better"] as const : ["better", "worse"] as const;
  return {
    mean,
    std,
    n,
    interval: { low, high },
    verdict: low > 0 ? more : high < 0 ? less : "undecided",
  };
}

/** The weights that taught in a trial. */
function teachersOf({ teachers }: Trial): string {
  // Of a file with several networks, the id says which.
  return teachers.map(({ id, seed, sha256 }) => seed === null ? `${id} ${sha256}` : sha256).join();
}

/** Two rows that are compared. */
export interface Comparison {
  readonly label: string;
  /** The label of the row that is subtracted. */
  readonly against: string;
  /** Their task, whose primary measure is compared. */
  readonly task: Task;
  readonly paired: Paired;
}

/**
 * The comparisons of all rows with each row in `against`. Two rows of `against` are compared once.
 * Rows that teach another row, and pairs of different data sets or without a common seed, are left
 * out.
 */
export function comparisons(
  rows: readonly LabelledOutcome[],
  against: readonly string[],
): Comparison[] {
  const teachers = experimentsThatTeach(rows.map(([, outcome]) => outcome));
  return against.flatMap((reference, i) => {
    const { measured, experiment } = rows.find(([label]) => label === reference)![1];
    const data = dataKey(experiment);
    return rows.flatMap(([label, outcome]): Comparison[] => {
      if (against.slice(0, i + 1).includes(label) || teachers.has(outcome.experiment)) return [];
      if (dataKey(outcome.experiment) !== data) return [];
      const { task } = outcome.experiment.dataset;
      const difference = pairTrials(outcome.measured, measured, task, task.primary);
      return difference ? [{ label, against: reference, task, paired: difference }] : [];
    });
  });
}

/**
 * Paired differences as the texts of a table, header first, for every format. Empty if there are no
 * differences.
 */
export function pairedRows(comparisons: readonly Comparison[]): string[][] {
  if (comparisons.length === 0) return [];
  const [{ task: { measures, primary } }] = comparisons;
  const { title, decimals } = measures[primary];
  const rows = comparisons.map(({ label, against, paired }) => [
    `${label} − ${against}`,
    ...pairedCells(paired, decimals),
    paired.verdict,
  ]);
  return [["", `Δ ${title}, last`, "95 % interval", "seeds", "verdict"], ...rows];
}

/** The texts of a paired difference: the mean, the interval, the number of seeds. */
export function pairedCells({ mean, interval, n }: Paired, decimals: number): string[] {
  const range = interval && [interval.low, interval.high];
  const text = range?.map((end) => formatSigned(end, decimals)).join(" … ") ?? NONE;
  return [formatSigned(mean, decimals), text, String(n)];
}
