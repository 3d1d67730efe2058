import type { Comparison } from "./paired.ts";
import { signed } from "../values/statistics.ts";

/** Paired differences as the texts of a table, whatever its format, its header first; nothing without differences. */
export function pairedRows(comparisons: readonly Comparison[]): string[][] {
  if (comparisons.length === 0) return [];
  const [{ task: { measures, primary } }] = comparisons;
  const { title, decimals } = measures[primary];
  const rows = comparisons.map(({ label, against, paired: { mean, interval, n, verdict } }) => [
    `${label} − ${against}`,
    signed(mean, decimals),
    interval ? `${signed(interval.low, decimals)} … ${signed(interval.high, decimals)}` : "—",
    String(n),
    verdict,
  ]);
  return [["", `Δ ${title}, last`, "95 % interval", "seeds", "verdict"], ...rows];
}
