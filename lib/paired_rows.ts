import type { Comparison } from "./paired.ts";
import { signed } from "./summary.ts";

/** What stands above the columns of `pairedRows`. */
export const PAIRED_COLUMNS: readonly string[] = ["", "Δ top-1, last", "95 % interval", "seeds", "verdict"];

/** Paired differences as the texts of a table, whatever its format. */
export function pairedRows(comparisons: readonly Comparison[]): string[][] {
  return comparisons.map(({ label, against, paired: { mean, interval, n, verdict } }) => [
    `${label} − ${against}`,
    signed(mean),
    interval ? `${signed(interval.low)} … ${signed(interval.high)}` : "—",
    String(n),
    verdict,
  ]);
}
