import { formatSigned, formatSpread, round } from "../values/numbers.ts";
import type { Summary } from "../values/statistics.ts";

/** A number and the text that tables print for it, whatever their format. */
export interface Printed extends Summary {
  /** The number with its decimals, its spread and its n. */
  readonly text: string;
  /** How many decimals it is printed with. */
  readonly decimals: number;
  /** Whether it is the best of its column. */
  readonly best?: boolean;
}

/**
 * Measurements as they are printed, with their n unless it stands beside them already; `undefined`
 * of none.
 */
export function printSummary(
  summary: Summary | undefined,
  decimals: number,
  counted = true,
): Printed | undefined {
  return summary &&
    {
      ...summary,
      decimals,
      text: formatSpread(counted ? summary : { ...summary, n: undefined }, decimals),
    };
}

/** A difference as it is printed. */
export function printDifference(value: number, decimals: number): Printed {
  return { mean: round(value, decimals), decimals, text: formatSigned(value, decimals) };
}

/**
 * The difference of two printed numbers of one measure, so that a reader who subtracts them gets
 * the same.
 */
export function subtractPrinted(
  a: Printed | undefined,
  b: Printed | undefined,
): Printed | undefined {
  if (!a || !b) return undefined;
  const { decimals } = a;
  return printDifference(round(a.mean, decimals) - round(b.mean, decimals), decimals);
}

/**
 * Which of these numbers are the best, where there are at least two: all false for fewer. Absent
 * ones never are.
 */
export function markBest(values: readonly (number | undefined)[], isLessBetter = false): boolean[] {
  const there = values.filter((value) => value !== undefined);
  const top = isLessBetter ? Math.min(...there) : Math.max(...there);
  return values.map((value) => there.length > 1 && value === top);
}
