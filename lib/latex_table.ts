import type { FilledOwnTable, FilledPaperTable, FilledTable } from "./filled_tables.ts";
import { type Block, comment, escaped, shown, tabular } from "./latex.ts";
import { ownRows } from "./own_rows.ts";
import { comparisons } from "./paired.ts";
import { PAIRED_COLUMNS, pairedRows } from "./paired_rows.ts";
import { type PaperTable, rowName } from "./paper.ts";
import { type Cell, epochs, paperColumn } from "./paper_column.ts";
import { minus } from "./printed.ts";

/** A table as LaTeX that a paper can take in, for the package booktabs: ours, and smaller below it the paper's number and the difference. */
export function latexTable(filled: FilledTable): string {
  return "at" in filled ? ofPaper(filled) : ofOwn(filled);
}

const NEEDS = "It needs \\usepackage{booktabs}.";

function ofPaper({ table, at }: FilledPaperTable): string {
  const columns = table.columns.map((column, i) => paperColumn(table, i, (row) => at(row, column)));
  const several = new Set(table.columns.map(({ metric }) => metric)).size > 1;
  const heads = several ? ["teacher", "student", "metric"] as const : ["teacher", "student"] as const;
  const header = heads.map((head) => [head, ...table.columns.map((column) => escaped(column[head]))]);
  return [
    comment(`${table.id}: ${table.title}. ${NEEDS}`),
    comment(`Ours, ${epochs(table)[0]} epoch: mean ± std (n). Below it the paper's number and, in brackets, Δ.`),
    tabular(1, header, blocks(table, (i) => columns.map((cells) => cells[i]))),
  ].join("\n");
}

/** The rows of a paper's table by their blocks. */
function blocks(table: PaperTable, cells: (row: number) => readonly Cell[]): Block[] {
  const { rows } = table, lines = rows.map((row, i) => rowLines(rowName(row, table), cells(i)));
  const starts = [...rows.keys()].filter((i) => i === 0 || rows[i].block !== rows[i - 1].block);
  return starts.map((start, i) => {
    const { block } = rows[start];
    return { name: block && escaped(block), lines: lines.slice(start, starts[i + 1]).flat() };
  });
}

function rowLines(name: string, cells: readonly Cell[]): string[][] {
  const below = cells.map(({ ours, paper }) => {
    const delta = minus(ours, paper);
    return paper ? `\\footnotesize ${shown(paper)}${delta ? ` (${shown(delta)})` : ""}` : "";
  });
  const first = [escaped(name), ...cells.map(({ ours }) => shown(ours))];
  return below.some((text) => text !== "") ? [first, ["", ...below]] : [first];
}

function ofOwn({ id, title, rows: labelled, against }: FilledOwnTable): string {
  const { columns, rows } = ownRows(labelled), compared = comparisons(labelled, against);
  const header = ["", "teacher", "student", ...columns.map(({ title }) => escaped(title))];
  const lines = rows.map(({ label, teachers, student, cells }) => [
    ...[escaped(label), teachers.map(escaped).join(", ") || shown(undefined), escaped(student)],
    ...cells.map(shown),
  ]);
  const main = [
    comment(`${id}: ${title}. ${NEEDS}`),
    comment("Mean ± std, over n trials."),
    tabular(3, [header], [{ lines }]),
  ];
  if (compared.length === 0) return main.join("\n");
  const differences = pairedRows(compared).map((cells) => cells.map(escaped));
  return [
    ...main,
    "",
    comment(`${id}: paired differences over the seeds that both rows have, with their 95 % interval (Student's t).`),
    tabular(1, [PAIRED_COLUMNS.map(escaped)], [{ lines: differences }]),
  ].join("\n");
}
