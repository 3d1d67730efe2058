/** What the sparklines have in common that are to be compared by eye. */
export interface SparkScale {
  /** The number that the lowest bar stands for. */
  readonly low: number;
  /** The number that the highest bar stands for. */
  readonly high: number;
  /** The number of places, such as epochs. A series with fewer ends earlier. */
  readonly places: number;
  /** The most characters of a line. Each is the mean of its places if these are more. */
  readonly width: number;
}

const BARS = "▁▂▃▄▅▆▇█";

/** Draws a series, one number per place, as a line of bars. A place without a number is a gap. */
export function sparkline(
  series: readonly (number | undefined)[],
  { low, high, places, width }: SparkScale,
): string {
  const length = Math.min(places, width);
  const parts = Array.from({ length }, (_, i) => {
    const [from, to] = [i, i + 1].map((end) => Math.ceil(end * places / length));
    return series.slice(from, to).filter((value) => value !== undefined);
  });
  return parts.map((values) => values.length > 0 ? bar(mean(values), low, high) : " ").join("")
    .trimEnd();
}

function bar(value: number, low: number, high: number): string {
  const share = high > low ? (value - low) / (high - low) : 0;
  return BARS[Math.min(BARS.length - 1, Math.max(0, Math.floor(share * BARS.length)))];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
