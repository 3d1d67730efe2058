import { rounded, signed, spread, type Summary } from "./summary.ts";

/** A number and the text that tables print for it, whatever their format. */
export interface Printed extends Summary {
  /** The number with two decimals, its spread and its n. */
  readonly text: string;
  /** Whether it is the best of its column. */
  readonly best?: boolean;
}

/** Measurements as they are printed, with their n unless it stands beside them already; `undefined` of none. */
export function printed(summary: Summary | undefined, counted = true): Printed | undefined {
  return summary && { ...summary, text: spread(counted ? summary : { ...summary, n: undefined }) };
}

/** A difference as it is printed. */
export function difference(value: number): Printed {
  return { mean: rounded(value), text: signed(value) };
}

/** The difference of two printed numbers, so that a reader who subtracts them gets the same. */
export function minus(a: Printed | undefined, b: Printed | undefined): Printed | undefined {
  return a && b && difference(rounded(a.mean) - rounded(b.mean));
}
