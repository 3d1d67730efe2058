import { formatSigned, formatSpread, round } from "../values/numbers.ts";
import type { Summary } from "../values/statistics.ts";

/** A number and the text that tables of every format print for it. */
export interface PrintedNumber extends Summary {
  /** The number with its decimals, its spread and its n. */
  readonly text: string;
  /** The number of printed decimals. */
  readonly decimals: number;
  /** Whether it is the best of its column. */
  readonly best?: boolean;
}

/**
 * Prints measurements, with their n if `counted`; `undefined` if there are none. Default of
 * `counted`: true.
 */
export function printSummary(
  summary: Summary | undefined,
  decimals: number,
  counted = true,
): PrintedNumber | undefined {
  return summary &&
    {
      ...summary,
      decimals,
      text: formatSpread(counted ? summary : { ...summary, n: undefined }, decimals),
    };
}

/** Prints a difference, with its sign. */
export function printDifference(value: number, decimals: number): PrintedNumber {
  return { mean: round(value, decimals), decimals, text: formatSigned(value, decimals) };
}

/**
 * The difference of two numbers of one measure as printed, so that a reader who subtracts the texts
 * gets the same.
 */
export function subtractPrinted(
  a: PrintedNumber | undefined,
  b: PrintedNumber | undefined,
): PrintedNumber | undefined {
  if (!a || !b) return undefined;
  const { decimals } = a;
  return printDifference(round(a.mean, decimals) - round(b.mean, decimals), decimals);
}

/**
 * For each number, whether it is the best. All are false if there are fewer than two numbers.
 * `undefined` is never the best.
 */
export function markBest(values: readonly (number | undefined)[], isLessBetter = false): boolean[] {
  const numbers = values.filter((value) => value !== undefined);
  const top = isLessBetter ? Math.min(...numbers) : Math.max(...numbers);
  return values.map((value) => numbers.length > 1 && value === top);
}
