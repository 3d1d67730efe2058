/** A percentage without the noise of binary fractions. */
export function percentage(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
