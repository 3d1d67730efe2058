/** Which of these numbers are the best, where there are at least two: all false for fewer. Absent ones never are. */
export function best(values: readonly (number | undefined)[], metric: string): boolean[] {
  const there = values.filter((value) => value !== undefined);
  const top = LESS_IS_BETTER.includes(metric) ? Math.min(...there) : Math.max(...there);
  return values.map((value) => there.length > 1 && value === top);
}

const LESS_IS_BETTER = ["kl", "time_ratio"];
