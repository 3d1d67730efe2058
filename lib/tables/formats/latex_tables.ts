import type { FilledOwnTable, FilledPaperTable, FilledTable } from "../filled_tables.ts";
import { ownRows } from "../own_rows.ts";
import { comparisons, pairedRows } from "../paired.ts";
import { type PaperTable, rowName } from "../paper.ts";
import { type Cell, comparedEpochs, openQuestion, paperColumn, remarks } from "../paper_column.ts";
import { type PrintedNumber, subtractPrinted } from "../printed.ts";
import { rankOrder, rankOrderText } from "../rank_order.ts";
import { type FootnoteFormat, footnotes, type OutcomeMark, outcomeMarks } from "./footnotes.ts";
import { escapeLatex, lackingLetters } from "./latex_text.ts";

/**
 * Formats a table as LaTeX for a paper: our numbers, and in a smaller font below them the other
 * lines of the markdown's cells. Notes become comments. Footnotes are printed. A comment names the
 * letters that pdflatex lacks.
 */
export function latexTable(filled: FilledTable): string {
  const table = filled.kind === "paper" ? paperLatex(filled) : ownLatex(filled);
  const printed = table.split("\n").filter((line) => !line.startsWith("%")).join("\n");
  const lacking = lackingLetters(printed);
  if (lacking.length === 0) return table;
  const ask = "compile with xelatex or lualatex, and a font that has them";
  return `${latexComment(`pdflatex lacks ${lacking.join(" ")}: ${ask}.`)}\n${table}`;
}

function paperLatex({ table, at }: FilledPaperTable): string {
  const columns = table.columns.map((column, i) => paperColumn(table, i, (row) => at(row, column)));
  const hasMetrics = new Set(table.columns.map(({ metric }) => metric)).size > 1;
  const notes = footnotes(latexFootnotes);
  const mark = outcomeMarks(columns.flat().flatMap(({ outcome }) => outcome ?? []), notes);
  const heads = hasMetrics
    ? ["teacher", "student", "metric"] as const
    : ["teacher", "student"] as const;
  const lines = table.rows.flatMap((row, i) => {
    return rowLines(rowName(row, table), columns.map((cells) => cells[i]), table, mark);
  });
  return [
    latexComment(`${table.id}: ${table.title}. It needs ${PACKAGES}.`),
    latexComment(
      `Ours are of the ${
        comparedEpochs(table)[0]
      } epoch: mean ± std (n). Δ is ours minus the paper's.`,
    ),
    ...[openQuestion(table) ?? [], remarks(table)].flat().map(latexComment),
    tabular({
      left: 1,
      groups: [undefined, ...table.columns.map(({ group }) => group && escapeLatex(group))],
      header: heads.map((
        head,
      ) => [head, ...table.columns.map((column) => escapeLatex(column[head]))]),
      lines,
    }),
    notes.below(),
  ].filter((part) => part !== "").join("\n");
}

/**
 * A row's line of our numbers, and each further line in which some column is not empty. `mark` writes
 * the marks of an outcome's footnotes.
 */
function rowLines(
  name: string,
  cells: readonly Cell[],
  table: PaperTable,
  mark: OutcomeMark,
): string[][] {
  const [first, second] = comparedEpochs(table);
  const ours = cells.map(({ ours, outcome }) => latexNumber(ours) + (outcome ? mark(outcome) : ""));
  const below: readonly (readonly [name: string, text: (cell: Cell) => string | undefined])[] = [
    [
      "paper (Δ)",
      ({ ours, paper }) =>
        paper && withDelta(latexNumber(paper), subtractPrinted(ours, paper)?.text),
    ],
    [`ours, ${second}`, ({ other }) => other && latexNumber(other)],
    ...[first, second].map((epoch) =>
      [`logs, ${epoch}`, (cell: Cell) => logNumber(cell, epoch)] as const
    ),
  ];
  const lines = below.map((
    [name, text],
  ) => [escapeLatex(name), ...cells.map((cell) => text(cell) ?? "")]);
  return [
    [escapeLatex(name), ...ours],
    ...lines.filter(([, ...texts]) => texts.some((text) => text !== ""))
      .map((line) => line.map((text) => text && `\\footnotesize ${text}`)),
  ];
}

function withDelta(paper: string, delta: string | undefined): string {
  return delta === undefined ? paper : `${paper} (${escapeLatex(delta)})`;
}

function logNumber({ logs = [] }: Cell, epoch: "last" | "best"): string | undefined {
  const log = logs.find(([of]) => of === epoch);
  return log && latexNumber(log[1]);
}

function ownLatex(
  { id, title, rows: labelled, against, names, printed }: FilledOwnTable,
): string {
  const { columns, rows } = ownRows(labelled, names, printed);
  const orders = printed.flatMap((column) => rankOrder(labelled, column) ?? []);
  const [header, ...differences] = pairedRows(comparisons(labelled, against)).map((cells) =>
    cells.map(escapeLatex)
  );
  const notes = footnotes(latexFootnotes);
  const mark = outcomeMarks(rows.map(({ outcome }) => outcome), notes);
  const lines = rows.map(({ label, teachers, student, cells, papers, outcome }) => [
    ...[
      escapeLatex(label),
      teachers.map(escapeLatex).join(", ") || latexNumber(undefined),
      escapeLatex(student),
    ],
    latexNumber(cells[0]) + mark(outcome),
    ...[...cells.slice(1), ...papers].map(latexNumber),
  ]);
  const main = [
    latexComment(`${id}: ${title}. It needs ${PACKAGES}.`),
    latexComment("Mean ± std, over n trials."),
    ...printed.map(({ title, source }) => latexComment(`${title}: ${source}`)),
    ...orders.map((order) => latexComment(rankOrderText(order))),
    tabular({
      left: 3,
      header: [[
        ...["", "teacher", "student"],
        ...[...columns, ...printed].map(({ title }) => escapeLatex(title)),
      ]],
      lines,
    }),
    notes.below(),
  ].filter((part) => part !== "");
  if (differences.length === 0) return main.join("\n");
  return [
    ...main,
    "",
    latexComment(
      `${id}: paired differences over the seeds that both rows have, with their 95 % interval (Student's t).`,
    ),
    tabular({ left: 1, header: [header], lines: differences }),
  ].join("\n");
}

/** A number as LaTeX, in bold if it is the best. */
export function latexNumber(printed: PrintedNumber | undefined): string {
  if (!printed) return "--";
  return printed.best ? `\\textbf{${escapeLatex(printed.text)}}` : escapeLatex(printed.text);
}

/** A text as a LaTeX comment of one line. */
export function latexComment(text: string): string {
  return `% ${text.replace(/\s+/g, " ")}`;
}

/** Superscript marks, and footnotes in small print below the table. */
export const latexFootnotes: FootnoteFormat = {
  mark: (numbers) => `\\textsuperscript{${numbers}}`,
  below(notes) {
    const lines = notes.map(([mark, text]) => `${mark} ${escapeLatex(text)}`);
    return lines.length > 0 ? `\n\\noindent{\\footnotesize ${lines.join(" \\\\\n")}\\par}` : "";
  },
};

/** The contents of a `tabular`. Cells are LaTeX. */
export interface Tabular {
  /** The number of left-aligned columns. The others are right-aligned. */
  readonly left: number;
  /** The heading of each column's group, printed once above neighbours. Default: none. */
  readonly groups?: readonly (string | undefined)[];
  readonly header: readonly (readonly string[])[];
  /** The lines below the header. */
  readonly lines: readonly (readonly string[])[];
}

/** The preamble's line that `tabular` needs. */
const PACKAGES = "\\usepackage{adjustbox,booktabs}";

/**
 * A `tabular` with the rules of the package booktabs. The package adjustbox shrinks it if it is
 * wider or higher than the text.
 */
export function tabular({ left, groups = [], header, lines }: Tabular): string {
  const columns = "l".repeat(left) + "r".repeat(header[0].length - left);
  return [
    "\\noindent\\begin{adjustbox}{max width=\\linewidth, max totalheight=0.8\\textheight}",
    `\\begin{tabular}{${columns}}`,
    "\\toprule",
    ...groupLines(groups),
    ...header.map(line),
    "\\midrule",
    ...lines.map(line),
    "\\bottomrule",
    "\\end{tabular}",
    "\\end{adjustbox}",
  ].join("\n");
}

function line(cells: readonly string[]): string {
  return `${cells.join(" & ")} \\\\`;
}

/** The line of the columns' groups, and the rules below them; none if no column has a group. */
function groupLines(groups: readonly (string | undefined)[]): string[] {
  if (groups.every((group) => group === undefined)) return [];
  const starts = [...groups.keys()].filter((i) =>
    groups[i] === undefined || groups[i] !== groups[i - 1]
  );
  const ends = starts.map((_, i) => starts[i + 1] ?? groups.length);
  const names = starts.map((start, i) => {
    return groups[start] === undefined
      ? ""
      : `\\multicolumn{${ends[i] - start}}{c}{${groups[start]}}`;
  });
  const rules = starts.map((start, i) =>
    groups[start] === undefined ? "" : `\\cmidrule(lr){${start + 1}-${ends[i]}}`
  );
  return [line(names), rules.join("")];
}
