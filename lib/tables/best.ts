/** Which of these numbers are the best, where there are at least two: all false for fewer. Absent ones never are. */
export function best(values: readonly (number | undefined)[], isLessBetter = false): boolean[] {
  const there = values.filter((value) => value !== undefined);
  const top = isLessBetter ? Math.min(...there) : Math.max(...there);
  return values.map((value) => there.length > 1 && value === top);
}
