import type { Confusion } from "./confusion.ts";
import { type Findings, formatMeasure, meanOf, type Task, type TextTable } from "./task.ts";

/** The largest number of classes that a table shows in full. */
const FEW = 20;
/** Number of rows in the tables of the best classes, the worst classes and the confusions. */
const SOME = 10;

/** The number of test images of a class and the percentage recognised. `null` if there are none. */
type ClassScore = { readonly class: string; readonly images: number; readonly top1: number | null };

/**
 * The findings for a classifier: its score, the score of each class, and the confusions. The tables
 * show the classes (the 10 best and the 10 worst if there are more than 20) and the 10 most
 * frequent confusions or, instead of these, the whole matrix.
 */
export function classFindings(
  confusion: Confusion,
  classes: readonly string[],
  { top1, top5 }: Task["measures"],
): Findings {
  const perClass = confusion.perClass().map((score, i): ClassScore => ({
    class: classes[i],
    ...score,
  }));
  const classTable = (title: string, rows: readonly ClassScore[]): TextTable => ({
    rows: [
      [title, "images", top1.title],
      ...rows.map(({ class: name, images, top1: percentage }) => [
        name,
        String(images),
        percentage === null ? "–" : formatMeasure(top1, percentage),
      ]),
    ],
    left: 1,
  });
  return {
    score: {
      top1: meanOf(top1, confusion.top1, confusion.images),
      top5: meanOf(top5, confusion.top5, confusion.images),
    },
    details: { perClass, confusion: confusion.matrix },
    tables(whole) {
      const ranking = perClass.filter(({ top1 }) => top1 !== null).sort((a, b) =>
        b.top1! - a.top1!
      );
      return [
        ...perClass.length <= FEW ? [classTable("class", perClass)] : [
          classTable(`best ${SOME} classes`, ranking.slice(0, SOME)),
          classTable(`worst ${SOME} classes`, ranking.slice(-SOME).reverse()),
        ],
        ...whole ? [matrixTable(confusion, classes)] : confusionTables(confusion, classes),
      ];
    },
  };
}

/** The most frequent confusions. No table if there are none. */
function confusionTables({ matrix }: Confusion, classes: readonly string[]): TextTable[] {
  const pairs = matrix.flatMap((row, label) =>
    row.map((images, other) => ({ label, other, images })).filter(({ other, images }) =>
      other !== label && images > 0
    )
  ).sort((a, b) => b.images - a.images).slice(0, SOME);
  if (pairs.length === 0) return [];
  const rows = pairs.map((
    { label, other, images },
  ) => [classes[label], classes[other], String(images)]);
  return [{ rows: [["most frequent confusions", "taken for", "images"], ...rows], left: 2 }];
}

/** The matrix. Its columns have the numbers of its rows. */
function matrixTable({ matrix }: Confusion, classes: readonly string[]): TextTable {
  const titles = ["", "class \\ taken for", ...matrix.map((_, i) => String(i))];
  return {
    rows: [titles, ...matrix.map((row, i) => [String(i), classes[i], ...row.map(String)])],
    left: 2,
  };
}
