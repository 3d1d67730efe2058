import type { Confusion } from "./confusion.ts";
import { type Findings, formatMeasure, meanOf, type Task, type TextTable } from "./task.ts";

/** How many classes are all shown. */
const FEW = 20;
/** How many of the best and the worst classes, and of the confusions, are shown. */
const SOME = 10;

/**
 * The test images of a class and the percentage of them that was recognised; null where there are
 * none.
 */
type ClassScore = { readonly class: string; readonly images: number; readonly top1: number | null };

/**
 * The findings of a close look at a classifier: its score, each class's, and its confusions. In
 * tables: the classes (where they are more than 20 the 10 best and the 10 worst) and the 10 most
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
      ...rows.map(({ class: name, images, top1: reached }) => [
        name,
        String(images),
        reached === null ? "–" : formatMeasure(top1, reached),
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
      const reached = perClass.filter(({ top1 }) => top1 !== null).sort((a, b) =>
        b.top1! - a.top1!
      );
      return [
        ...perClass.length <= FEW ? [classTable("class", perClass)] : [
          classTable(`best ${SOME} classes`, reached.slice(0, SOME)),
          classTable(`worst ${SOME} classes`, reached.slice(-SOME).reverse()),
        ],
        ...whole ? [matrixTable(confusion, classes)] : confusionTables(confusion, classes),
      ];
    },
  };
}

/** The most frequent confusions; no table where there are none. */
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

/** The matrix, its columns numbered like its rows. */
function matrixTable({ matrix }: Confusion, classes: readonly string[]): TextTable {
  const titles = ["", "class \\ taken for", ...matrix.map((_, i) => String(i))];
  return {
    rows: [titles, ...matrix.map((row, i) => [String(i), classes[i], ...row.map(String)])],
    left: 2,
  };
}
