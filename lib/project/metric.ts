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
 * What a trial reached, by measure: `{ last, best }`, or one number where it was measured after the
 * last epoch alone.
 */
export type Metric = {
  readonly [measure: string]: LastAndBest | number | undefined;
  /** The primary measure on the images held out; absent where none are. */
  readonly heldOut?: LastAndBest;
};

/** A trial's number by a measure after an epoch; undefined where it has none. */
export function valueAt(
  metric: Metric,
  measure: string,
  epoch: "last" | "best",
): number | undefined {
  const of = metric[measure];
  if (typeof of === "number") return epoch === "last" ? of : undefined;
  return of?.[epoch];
}

/**
 * What a trial reached by its task's primary measure. Throws a `Failure` (exit 3) where that was
 * not recorded.
 */
export function primaryOf(metric: Metric, { measures, primary }: Task): LastAndBest {
  const of = metric[primary];
  if (typeof of === "object") return of;
  throw new Failure(
    3,
    `a trial was recorded without its ${measures[primary].title}: --fresh trains it again`,
  );
}

/** A percentage that a trial reached, and how it is printed. */
export interface Percentage extends Pick<Measure, "title" | "decimals"> {
  /** The measure's name in its task. */
  readonly measure: string;
  /** The percentage. */
  readonly value: number;
}

/** The percentages among a task's measures that a trial reached after an epoch. */
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

/** Reads a metric of any task: the numbers are finite. */
export function readMetric(value: unknown, at: string, or?: string): Metric {
  return {
    ...recordOf(either(number))(value, at, or),
    ...looseObject<Pick<Metric, "heldOut">>({ heldOut: optional(both(number)) })(value, at),
  };
}

/** Reads a metric of a task: the primary measure is there, and percentages are from 0 to 100. */
export function metricOf({ measures, primary }: Task): Reader<Metric> {
  const one = (measure: string) => measures[measure].isPercentage ? percent : number;
  const others = Object.keys(measures).map((measure) => [measure, optional(either(one(measure)))]);
  const chosen = both(one(primary));
  return looseObject<Metric>({
    ...Object.fromEntries(others),
    [primary]: chosen,
    heldOut: optional(chosen),
  });
}

function both(one: Reader<number>): Reader<LastAndBest> {
  return strictObject<LastAndBest>({ last: one, best: one });
}

function either(one: Reader<number>): Reader<LastAndBest | number> {
  const pair = both(one);
  return (value, at, or) => typeof value === "number" ? one(value, at, or) : pair(value, at, or);
}
