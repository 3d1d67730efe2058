import type { FilledOwnTable, FilledPaperTable, FilledTable } from "../filled_tables.ts";
import { type Footnotes, footnotes } from "./footnotes.ts";
import { comment, escaped, inLatex, PACKAGES, shown, tabular } from "./latex.ts";
import { unshown } from "../../project/outcome.ts";
import { ownRows } from "../own_rows.ts";
import { comparisons } from "../paired.ts";
import { pairedRows } from "../paired_rows.ts";
import { type PaperTable, rowName } from "../paper.ts";
import { type Cell, epochs, paperColumn } from "../paper_column.ts";
import { minus } from "../printed.ts";
import { remarks, unsaid } from "../remarks.ts";

/**
 * A table as LaTeX that a paper can take in: ours, and smaller below it what the markdown has there. Its notes are comments,
 * its footnotes are printed.
 */
export function latexTable(filled: FilledTable): string {
  return filled.kind === "paper" ? ofPaper(filled) : ofOwn(filled);
}

function ofPaper({ table, at }: FilledPaperTable): string {
  const columns = table.columns.map((column, i) => paperColumn(table, i, (row) => at(row, column)));
  const several = new Set(table.columns.map(({ metric }) => metric)).size > 1, notes = footnotes(inLatex);
  const heads = several ? ["teacher", "student", "metric"] as const : ["teacher", "student"] as const;
  const lines = table.rows.flatMap((row, i) => {
    return rowLines(rowName(row, table), columns.map((cells) => cells[i]), table, notes);
  });
  return [
    comment(`${table.id}: ${table.title}. It needs ${PACKAGES}.`),
    comment(`Ours are of the ${epochs(table)[0]} epoch: mean ± std (n). Δ is ours minus the paper's.`),
    ...[unsaid(table) ?? [], remarks(table)].flat().map(comment),
    tabular({
      left: 1,
      groups: [undefined, ...table.columns.map(({ group }) => group && escaped(group))],
      header: heads.map((head) => [head, ...table.columns.map((column) => escaped(column[head]))]),
      lines,
    }),
    notes.below(),
  ].filter((part) => part !== "").join("\n");
}

/** A row's line of ours, and those below it in which some column has something. */
function rowLines(name: string, cells: readonly Cell[], table: PaperTable, notes: Footnotes): string[][] {
  const [first, second] = epochs(table);
  const ours = cells.map(({ ours, outcome }) => shown(ours) + (outcome ? unshown(outcome, notes) : ""));
  const below: readonly (readonly [name: string, text: (cell: Cell) => string | undefined])[] = [
    ["paper (Δ)", ({ ours, paper }) => paper && withDelta(shown(paper), minus(ours, paper)?.text)],
    [`ours, ${second}`, ({ other }) => other && shown(other)],
    ...[first, second].map((epoch) => [`logs, ${epoch}`, (cell: Cell) => logged(cell, epoch)] as const),
  ];
  const lines = below.map(([name, text]) => [escaped(name), ...cells.map((cell) => text(cell) ?? "")]);
  return [
    [escaped(name), ...ours],
    ...lines.filter(([, ...texts]) => texts.some((text) => text !== ""))
      .map((line) => line.map((text) => text && `\\footnotesize ${text}`)),
  ];
}

function withDelta(paper: string, delta: string | undefined): string {
  return delta === undefined ? paper : `${paper} (${escaped(delta)})`;
}

function logged({ logs = [] }: Cell, epoch: "last" | "best"): string | undefined {
  const log = logs.find(([of]) => of === epoch);
  return log && shown(log[1]);
}

function ofOwn({ id, title, rows: labelled, against, names }: FilledOwnTable): string {
  const { columns, rows } = ownRows(labelled, names);
  const [header, ...differences] = pairedRows(comparisons(labelled, against)).map((cells) => cells.map(escaped));
  const notes = footnotes(inLatex);
  const lines = rows.map(({ label, teachers, student, cells: [first, ...further], outcome }) => [
    ...[escaped(label), teachers.map(escaped).join(", ") || shown(undefined), escaped(student)],
    ...[shown(first) + unshown(outcome, notes), ...further.map(shown)],
  ]);
  const main = [
    comment(`${id}: ${title}. It needs ${PACKAGES}.`),
    comment("Mean ± std, over n trials."),
    tabular({ left: 3, header: [["", "teacher", "student", ...columns.map(({ title }) => escaped(title))]], lines }),
    notes.below(),
  ].filter((part) => part !== "");
  if (differences.length === 0) return main.join("\n");
  return [
    ...main,
    "",
    comment(`${id}: paired differences over the seeds that both rows have, with their 95 % interval (Student's t).`),
    tabular({ left: 1, header: [header], lines: differences }),
  ].join("\n");
}
