import type { Summary } from "./statistics.ts";

/** The number that so many printed decimals stand for. Default: two. */
export function round(value: number, decimals = 2): number {
  return Number(value.toFixed(decimals));
}

/** A number with so many decimals, e.g. `74.80` or `−0.21`. Default: two. */
export function formatFixed(value: number, decimals = 2): string {
  // Zero has no sign: −0 + 0 is 0.
  return (round(value, decimals) + 0).toFixed(decimals).replace("-", "−");
}

/**
 * A difference with so many decimals and its sign, e.g. `+3.52`, `−0.21` or `0.00`. Default: two.
 */
export function formatSigned(value: number, decimals = 2): string {
  return round(value, decimals) > 0
    ? `+${formatFixed(value, decimals)}`
    : formatFixed(value, decimals);
}

/**
 * A summary as tables print it: `74.80 ± 0.12 (3)`, without ± for one measurement, without n where
 * nobody says.
 */
export function formatSpread({ mean, std, n }: Summary, decimals = 2): string {
  const deviation = std === undefined ? "" : ` ± ${formatFixed(std, decimals)}`;
  return `${formatFixed(mean, decimals)}${deviation}${n === undefined ? "" : ` (${n})`}`;
}

/** A percentage without the noise of binary fractions. */
export function roundPercentage(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
