/**
 * Paired differences: trials of one seed see the same data in the same order and start with the
 * same student, so that what they differ by varies less from seed to seed than they do.
 *
 * @module
 */
import { valueAt } from "../project/metric.ts";
import type { Trial } from "../project/result.ts";
import type { Task } from "../tasks/task.ts";
import { formatSigned } from "../values/numbers.ts";
import { studentT, type Summary, summary } from "../values/statistics.ts";
import { experimentsThatTeach, type LabelledOutcome } from "./own_rows.ts";

/**
 * By how much the trials of one experiment are above those of another, by a measure after the last
 * epoch.
 */
export interface Paired extends Summary {
  /** How many seeds both have. */
  readonly n: number;
  /**
   * Where the mean of such differences lies, with 95 % confidence (Student's t); absent of one
   * seed.
   */
  readonly interval?: {
    /** Its lower end. */
    readonly low: number;
    /** Its upper end. */
    readonly high: number;
  };
  /** On which side of 0 the interval is, `undecided` where 0 is in it. */
  readonly verdict: "better" | "worse" | "undecided" | "one seed";
}

/**
 * The differences of the trials of one experiment from another's, seed by seed; `undefined` where
 * no seed has both.
 */
export function pairTrials(
  of: readonly Trial[],
  over: readonly Trial[],
  measure: string,
): Paired | undefined {
  const others = new Map(over.map(({ seed, metric }) => [seed, valueAt(metric, measure, "last")]));
  const differences = of.flatMap(({ seed, metric }) => {
    const [one, other] = [valueAt(metric, measure, "last"), others.get(seed)];
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
  return {
    mean,
    std,
    n,
    interval: { low, high },
    verdict: low > 0 ? "better" : high < 0 ? "worse" : "undecided",
  };
}

/** Two rows that are compared. */
export interface Comparison {
  /** The row. */
  readonly label: string;
  /** The row that it is compared with. */
  readonly against: string;
  /** Their task, whose primary measure is compared. */
  readonly task: Task;
  /** Their difference. */
  readonly paired: Paired;
}

/**
 * The rows beside each of those that they are compared with, two of these once; without those that
 * teach another, and those that have no seed in common.
 */
export function comparisons(
  rows: readonly LabelledOutcome[],
  against: readonly string[],
): Comparison[] {
  const teachers = experimentsThatTeach(rows.map(([, outcome]) => outcome));
  return against.flatMap((reference, i) => {
    const { measured } = rows.find(([label]) => label === reference)![1];
    return rows.flatMap(([label, outcome]): Comparison[] => {
      if (against.slice(0, i + 1).includes(label) || teachers.has(outcome.experiment)) return [];
      const { task } = outcome.experiment.dataset;
      const difference = pairTrials(outcome.measured, measured, task.primary);
      return difference ? [{ label, against: reference, task, paired: difference }] : [];
    });
  });
}

/**
 * Paired differences as the texts of a table, whatever its format, its header first; nothing
 * without differences.
 */
export function pairedRows(comparisons: readonly Comparison[]): string[][] {
  if (comparisons.length === 0) return [];
  const [{ task: { measures, primary } }] = comparisons;
  const { title, decimals } = measures[primary];
  const rows = comparisons.map(({ label, against, paired: { mean, interval, n, verdict } }) => [
    `${label} − ${against}`,
    formatSigned(mean, decimals),
    interval
      ? `${formatSigned(interval.low, decimals)} … ${formatSigned(interval.high, decimals)}`
      : "—",
    String(n),
    verdict,
  ]);
  return [["", `Δ ${title}, last`, "95 % interval", "seeds", "verdict"], ...rows];
}
