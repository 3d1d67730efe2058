/**
 * The numbers that a trial reached on the test set, by measure.
 *
 * @module
 */
import { Failure } from "../values/failure.ts";
import {
  looseObject,
  number,
  optional,
  percent,
  type Reader,
  recordOf,
  strictObject,
} from "../values/reader.ts";
import type { Measure, Task } from "../tasks/task.ts";

/** A measure after the last epoch and at the best one. */
export type LastAndBest = {
  /** After the last epoch. */
  readonly last: number;
  /** At the best epoch. */
  readonly best: number;
};

/**
 * The numbers of a trial by measure: `{ last, best }`, or one number if it was measured after the
 * last epoch alone.
 */
export type Metric = {
  readonly [measure: string]: LastAndBest | number | undefined;
  /** The primary measure on the hold-out. `undefined` if there is none. */
  readonly heldOut?: LastAndBest;
  /**
   * The primary measure of the moving average of the student's weights, after the last epoch and at
   * the student's best one. `undefined` if there is none.
   */
  readonly average?: LastAndBest;
};

/** The number of a measure after an epoch. `undefined` if it was not recorded. */
export function valueAt(
  metric: Metric,
  measure: string,
  epoch: "last" | "best",
): number | undefined {
  const of = metric[measure];
  if (typeof of === "number") return epoch === "last" ? of : undefined;
  return of?.[epoch];
}

/** The primary measure of a trial. Throws a `Failure` (exit 3) if it was not recorded. */
export function primaryOf(metric: Metric, { measures, primary }: Task): LastAndBest {
  const of = metric[primary];
  if (typeof of === "object") return of;
  throw new Failure(
    3,
    `a trial was recorded without its ${measures[primary].title}: --fresh trains it again`,
  );
}

/** The numbers of the moving average of a trial's weights, by measure. */
export function averageMetric({ average }: Metric, { primary }: Pick<Task, "primary">): Metric {
  return average ? { [primary]: average } : {};
}

/** A percentage that a trial reached, and how it is printed. */
export interface Percentage extends Pick<Measure, "title" | "decimals"> {
  /** The measure's name in its task. */
  readonly measure: string;
  /** The percentage. */
  readonly value: number;
}

/** Lists those of a task's measures that are percentages, with a trial's values after an epoch. */
export function percentages(
  metric: Metric,
  { measures }: Task,
  epoch: "last" | "best",
): Percentage[] {
  return Object.entries(measures).flatMap(([measure, { title, decimals, isPercentage }]) => {
    const value = valueAt(metric, measure, epoch);
    return isPercentage && value !== undefined ? [{ measure, title, decimals, value }] : [];
  });
}

/** Reads a metric of any task. The numbers have to be finite. */
export function readMetric(value: unknown, at: string, or?: string): Metric {
  return {
    ...recordOf(numberOrPair(number))(value, at, or),
    ...looseObject<Pick<Metric, "heldOut" | "average">>({
      heldOut: optional(pairOf(number)),
      average: optional(pairOf(number)),
    })(value, at),
  };
}

/**
 * A reader of metrics of one task. The primary measure has to be there, and percentages have to be
 * from 0 to 100.
 */
export function metricReader({ measures, primary }: Task): Reader<Metric> {
  const reader = (measure: string) => measures[measure].isPercentage ? percent : number;
  const all = Object.keys(measures).map((name) => [name, optional(numberOrPair(reader(name)))]);
  const required = pairOf(reader(primary));
  return looseObject<Metric>({
    ...Object.fromEntries(all),
    [primary]: required,
    heldOut: optional(required),
    average: optional(required),
  });
}

function pairOf(one: Reader<number>): Reader<LastAndBest> {
  return strictObject<LastAndBest>({ last: one, best: one });
}

function numberOrPair(one: Reader<number>): Reader<LastAndBest | number> {
  const pair = pairOf(one);
  return (value, at, or) => typeof value === "number" ? one(value, at, or) : pair(value, at, or);
}
