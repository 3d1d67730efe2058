import type { TextTable } from "./task.ts";

/** The largest number of classes that a table shows in full. */
const FEW = 20;

/** The number of rows in tables of the first ones of many. */
export const SOME = 10;

/** A class in a table. */
export interface ClassRow {
  /** Its name, then its cells. */
  readonly cells: readonly string[];
  /** Its rank: more is better. `null` if there is nothing to judge it by. */
  readonly by: number | null;
}

/**
 * A table of all classes, or two: of the 10 best and the 10 worst ones, if there are more than 20
 * and the table is not wanted `whole`. `titles` are those of the cells after the name.
 */
export function classTables(
  classes: readonly ClassRow[],
  titles: readonly string[],
  whole: boolean,
): TextTable[] {
  const table = (title: string, rows: readonly ClassRow[]): TextTable => ({
    rows: [[title, ...titles], ...rows.map(({ cells }) => cells)],
    left: 1,
  });
  if (whole || classes.length <= FEW) return [table("class", classes)];
  const ranking = classes.filter(({ by }) => by !== null).sort((a, b) => b.by! - a.by!);
  return [
    table(`best ${SOME} classes`, ranking.slice(0, SOME)),
    table(`worst ${SOME} classes`, ranking.slice(-SOME).reverse()),
  ];
}
