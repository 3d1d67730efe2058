import {
  escapeMarkdown,
  foldParagraph,
  formatLink,
  formatList,
  formatTable,
  joinBlocks,
  NONE,
} from "../../values/markdown.ts";
import type { FilledOwnTable, FilledPaperTable, FilledTable } from "../filled_tables.ts";
import { type LabelledOutcome, ownRows } from "../own_rows.ts";
import { comparisons, pairedRows } from "../paired.ts";
import { type Column, type PaperTable, rowName } from "../paper.ts";
import { type Cell, comparedEpochs, openQuestion, paperColumn, remarks } from "../paper_column.ts";
import { type PrintedNumber, subtractPrinted } from "../printed.ts";
import type { PrintedColumn } from "../printed_column.ts";
import { rankOrder, rankOrderText } from "../rank_order.ts";
import { type Footnotes, footnotes, type OutcomeMark, outcomeMarks } from "./footnotes.ts";
import { methodSettings, tableSettings } from "./settings.ts";

/** Formats a table as markdown. */
export function tableMarkdown(filled: FilledTable): string {
  return filled.kind === "paper" ? paperTable(filled) : ownTable(filled);
}

/**
 * Formats a paper's table in the paper's layout, as markdown with footnotes, settings and notes. A
 * cell has our number, mean ± std (n), above the paper's number, the difference, our number at the
 * other epoch, and the numbers of the authors' released logs.
 */
function paperTable({ table, at }: FilledPaperTable): string {
  const notes = footnotes();
  const header = [corner(table, notes), ...table.columns.map((column) => title(column, table))];
  const columns = table.columns.map((column, i) => paperColumn(table, i, (row) => at(row, column)));
  const mark = outcomeMarks(columns.flat().flatMap(({ outcome }) => outcome ?? []), notes);
  const rows = table.rows.map((row, i) => [
    escapeMarkdown(rowName(row, table)),
    ...columns.map((cells) => cellText(cells[i], mark)),
  ]);
  const settings = tableSettings(
    table.rows.flatMap((row) =>
      table.columns.map((column) => at(row, column)).filter((outcome) => outcome !== undefined)
        .map((outcome): LabelledOutcome => [row.printed ?? row.method, outcome])
    ),
  );
  return joinBlocks([
    `## ${escapeMarkdown(table.title)}`,
    formatTable(header, [...groups(table), ...rows]),
    notes.below(),
    settings,
    "**Notes**",
    formatList(remarks(table).map(escapeMarkdown)),
  ]);
}

/** The legend of a cell's lines, for the table's corner. */
function corner(table: PaperTable, notes: Footnotes): string {
  const [epoch, other] = comparedEpochs(table);
  const logs = table.rows.some(({ logs }) => logs) ? "<br>released logs" : "";
  const open = openQuestion(table);
  return `ours, ${epoch} (n)<br><sub>paper${
    open ? notes.mark(open) : ""
  } · Δ<br>ours, ${other}${logs}</sub>`;
}

function title({ teacher, student, metric }: Column, { columns }: PaperTable): string {
  const hasMetrics = new Set(columns.map(({ metric }) => metric)).size > 1;
  return `${escapeMarkdown(teacher)} →<br>${escapeMarkdown(student)}${
    hasMetrics ? `<br>${escapeMarkdown(metric)}` : ""
  }`;
}

/** The row of the columns' groups, each above its first column; none if no column has a group. */
function groups({ columns }: PaperTable): string[][] {
  if (columns.every(({ group }) => group === undefined)) return [];
  const names = columns.map(({ group }, i) => group === columns[i - 1]?.group ? undefined : group);
  return [["", ...names.map((name) => name === undefined ? "" : `**${escapeMarkdown(name)}**`)]];
}

/** A cell's lines. `mark` writes the marks of its outcome's footnotes. */
function cellText(
  { ours, other, paper, logs = [], outcome }: Cell,
  mark: OutcomeMark,
): string {
  const first = outcome
    ? formatLink(markdownNumber(ours), outcome.path) + mark(outcome)
    : markdownNumber(ours);
  if (!paper && !other && logs.length === 0) return first;
  const delta = subtractPrinted(ours, paper);
  const printed = delta ? `${markdownNumber(paper)} · ${delta.text}` : markdownNumber(paper);
  const released = logs.map(([epoch, { text }]) => `${epoch} ${text}`).join(" · ");
  const below = [printed, ...other ? [other.text] : [], ...released ? [`logs: ${released}`] : []];
  return `${first}<br><sub>${below.join("<br>")}</sub>`;
}

/**
 * Formats a table of our own as markdown with footnotes and settings: a row per experiment with its
 * networks, the mean ± std over its trials of each measure, and the `printed` numbers of papers.
 * Below it are the differences from the rows `against`, and how its order agrees with the papers'.
 */
function ownTable({ title, rows: labelled, against, names, printed }: FilledOwnTable): string {
  const notes = footnotes();
  const { columns, rows } = ownRows(labelled, names, printed);
  const mark = outcomeMarks(rows.map(({ outcome }) => outcome), notes);
  const titles = [...columns, ...printed].map(({ title }) => escapeMarkdown(title));
  const header = ["", "teacher", "student", ...titles];
  const body = rows.map((
    { label, teachers, student, cells: [main, ...further], papers, outcome },
  ) => [
    formatLink(escapeMarkdown(label), outcome.path),
    teachers.map(escapeMarkdown).join(", ") || NONE,
    escapeMarkdown(student),
    markdownNumber(main) + mark(outcome),
    ...[...further, ...papers].map(markdownNumber),
  ]);
  return joinBlocks([
    `## ${escapeMarkdown(title)}`,
    formatTable(header, body),
    notes.below(),
    printedNumbers(printed),
    rankOrders(labelled, printed),
    differences(labelled, against),
    tableSettings(labelled, methodSettings(labelled)),
  ]);
}

/** Where the papers printed their numbers. */
function printedNumbers(printed: readonly PrintedColumn[]): string {
  const lines = printed.map(({ title, source }) => escapeMarkdown(`${title}: ${source}`));
  return lines.length === 0 ? "" : joinBlocks(["**Printed numbers**", formatList(lines)]);
}

/** How the order of the rows agrees with each paper's. */
function rankOrders(
  labelled: readonly LabelledOutcome[],
  printed: readonly PrintedColumn[],
): string {
  const orders = printed.flatMap((column) => rankOrder(labelled, column) ?? []);
  if (orders.length === 0) return "";
  const lines = orders.map((order) => escapeMarkdown(rankOrderText(order)));
  return joinBlocks(["**Rank order**", formatList(lines)]);
}

function differences(labelled: readonly LabelledOutcome[], against: readonly string[]): string {
  const [header, ...rows] = pairedRows(comparisons(labelled, against)).map((cells) =>
    cells.map(escapeMarkdown)
  );
  return rows.length === 0
    ? ""
    : joinBlocks(["**Paired differences**", foldParagraph(HOW), formatTable(header, rows)]);
}

const HOW =
  "In points, over the seeds that both rows have: with one seed two rows see the same data in the same order, and " +
  "students of one network start with the same weights. The interval is Student's t. `better` or `worse`: it " +
  "excludes 0. `undecided`: it contains 0. `one seed`: there is no interval, and nothing is decided.";

/** A number as markdown, in bold if it is the best. */
function markdownNumber(printed: PrintedNumber | undefined): string {
  return printed?.best ? `**${printed.text}**` : printed?.text ?? NONE;
}
