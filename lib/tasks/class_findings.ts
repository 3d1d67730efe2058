import { classTables, SOME } from "./class_tables.ts";
import { type Confusion, mostConfused } from "./confusion.ts";
import { type Findings, formatMeasure, meanOf, type Task, type TextTable } from "./task.ts";

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
  const rows = perClass.map(({ class: name, images, top1: by }) => ({
    cells: [name, String(images), by === null ? "–" : formatMeasure(top1, by)],
    by,
  }));
  return {
    score: {
      top1: meanOf(top1, confusion.top1, confusion.images),
      top5: meanOf(top5, confusion.top5, confusion.images),
    },
    details: { perClass, confusion: confusion.matrix },
    tables: (whole) => [
      ...classTables(rows, ["images", top1.title], false),
      ...whole ? [matrixTable(confusion, classes)] : confusionTables(confusion, classes),
    ],
  };
}

/** The most frequent confusions. No table if there are none. */
function confusionTables({ matrix }: Confusion, classes: readonly string[]): TextTable[] {
  const pairs = mostConfused(matrix, SOME);
  if (pairs.length === 0) return [];
  const rows = pairs.map((
    { label, taken, images },
  ) => [classes[label], classes[taken], String(images)]);
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
