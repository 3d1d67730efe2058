import type { Summary } from "./statistics.ts";

/** Rounds a number to some decimals. Default: 2. */
export function round(value: number, decimals = 2): number {
  return Number(value.toFixed(decimals));
}

/** Rounds to the nearest whole number, half to the even one. */
export function roundToEven(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Formats a number with fixed decimals, e.g. `74.80` or `−0.21`. Default: 2. */
export function formatFixed(value: number, decimals = 2): string {
  // Prevents a signed zero: −0 + 0 is 0.
  return (round(value, decimals) + 0).toFixed(decimals).replace("-", "−");
}

/**
 * Formats a difference with fixed decimals and its sign, e.g. `+3.52`, `−0.21` or `0.00`. Default:
 * 2.
 */
export function formatSigned(value: number, decimals = 2): string {
  return round(value, decimals) > 0
    ? `+${formatFixed(value, decimals)}`
    : formatFixed(value, decimals);
}

/**
 * Formats a summary for tables: `74.80 ± 0.12 (3)`. Omits ± if there is one measurement, and n if
 * it is unknown. Default: 2 decimals.
 */
export function formatSpread({ mean, std, n }: Summary, decimals = 2): string {
  const deviation = std === undefined ? "" : ` ± ${formatFixed(std, decimals)}`;
  return `${formatFixed(mean, decimals)}${deviation}${n === undefined ? "" : ` (${n})`}`;
}

/** Formats a number of images per second: whole, or with three digits if it is small. */
export function formatThroughput(perSecond: number): string {
  return perSecond < 10 ? String(+perSecond.toPrecision(3)) : perSecond.toFixed(0);
}

/** Rounds a percentage to 6 decimals, which removes the noise of binary fractions. */
export function roundPercentage(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** The largest absolute value of those numbers that are finite, 0 if there is none. */
export function largestMagnitude(numbers: Float64Array): number {
  return numbers.reduce(
    (most, number) => Number.isFinite(number) ? Math.max(most, Math.abs(number)) : most,
    0,
  );
}
