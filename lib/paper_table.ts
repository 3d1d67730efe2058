import { type Footnotes, footnotes } from "./footnotes.ts";
import { bullets, grid, link, plain, shown, stack } from "./markdown.ts";
import { type Outcome, unshown } from "./outcome.ts";
import { type Column, type PaperRow, type PaperTable, rowName } from "./paper.ts";
import { type Cell, epochs, paperColumn } from "./paper_column.ts";
import { minus } from "./printed.ts";
import { type Labelled, settings } from "./setting.ts";

/**
 * A paper's table in its own shape, as markdown with its footnotes, settings and notes. A cell is ours, mean ± std (n),
 * above the paper's number, the difference, ours at the other epoch, and what the authors' released logs say. `at` is what came of a cell's experiment.
 */
export function paperTable(table: PaperTable, at: (row: PaperRow, column: Column) => Outcome | undefined): string {
  const notes = footnotes(), header = [corner(table, notes), ...table.columns.map((column) => title(column, table))];
  const columns = table.columns.map((column, i) => paperColumn(table, i, (row) => at(row, column)));
  const rows = table.rows.flatMap((row, i) => [
    ...block(row, table.rows[i - 1]),
    [plain(rowName(row, table)), ...columns.map((cells) => cellText(cells[i], notes))],
  ]);
  const set = settings(
    table.rows.flatMap((row) =>
      table.columns.map((column) => at(row, column)).filter((outcome) => outcome !== undefined)
        .map((outcome): Labelled => [row.printed ?? row.method, outcome])
    ),
  );
  const facts = bullets([runs(table), ...table.notes].map(plain));
  return stack([
    `## ${plain(table.title)}`,
    grid(header, rows),
    notes.below(),
    set,
    "**Notes**",
    facts,
  ]);
}

/** What the lines of each cell are. */
function corner(table: PaperTable, notes: Footnotes): string {
  const [epoch, other] = epochs(table);
  const logs = table.rows.some(({ logs }) => logs) ? "<br>released logs" : "";
  const unsaid = "The paper does not say whether it took the last or the best epoch; the difference is to our last.";
  return `ours, ${epoch} (n)<br><sub>paper${
    table.selection ? "" : notes.mark(unsaid)
  } · Δ<br>ours, ${other}${logs}</sub>`;
}

function title({ teacher, student, metric }: Column, { columns }: PaperTable): string {
  const several = new Set(columns.map(({ metric }) => metric)).size > 1;
  return `${plain(teacher)} →<br>${plain(student)}${several ? `<br>${plain(metric)}` : ""}`;
}

/** The row that opens a block, before its first row. */
function block(row: PaperRow, above: PaperRow | undefined): string[][] {
  return row.block !== undefined && row.block !== above?.block ? [[`**${plain(row.block)}**`]] : [];
}

function cellText({ ours, other, paper, logs = [], outcome }: Cell, notes: Footnotes): string {
  const first = outcome ? link(shown(ours), outcome.path) + unshown(outcome, notes) : shown(ours);
  if (!paper && !other) return first;
  const delta = minus(ours, paper), printed = delta ? `${shown(paper)} · ${delta.text}` : shown(paper);
  const released = logs.map(([epoch, { text }]) => `${epoch} ${text}`).join(" · ");
  const below = [printed, ...other ? [other.text] : [], ...released ? [`logs: ${released}`] : []];
  return `${first}<br><sub>${below.join("<br>")}</sub>`;
}

function runs({ aggregate }: PaperTable): string {
  return aggregate === null
    ? "The paper does not say how many runs its numbers are of."
    : `The paper's numbers: ${aggregate}.`;
}
