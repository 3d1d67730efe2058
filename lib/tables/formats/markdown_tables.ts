import { type Footnotes, footnotes } from "./footnotes.ts";
import { bullets, grid, link, plain, shown, stack } from "../../values/markdown.ts";
import { type Outcome, unshown } from "../../project/outcome.ts";
import { type Column, type PaperRow, type PaperTable, rowName } from "../paper.ts";
import { type Cell, epochs, paperColumn } from "../paper_column.ts";
import { minus } from "../printed.ts";
import { remarks, unsaid } from "../remarks.ts";
import { type Labelled, tableSettings } from "./settings.ts";

/**
 * A paper's table in its own shape, as markdown with its footnotes, settings and notes. A cell is ours, mean ± std (n),
 * above the paper's number, the difference, ours at the other epoch, and what the authors' released logs say. `at` is what came of a cell's experiment.
 */
export function paperTable(table: PaperTable, at: (row: PaperRow, column: Column) => Outcome | undefined): string {
  const notes = footnotes(), header = [corner(table, notes), ...table.columns.map((column) => title(column, table))];
  const columns = table.columns.map((column, i) => paperColumn(table, i, (row) => at(row, column)));
  const rows = table.rows.map((row, i) => [
    plain(rowName(row, table)),
    ...columns.map((cells) => cellText(cells[i], notes)),
  ]);
  const set = tableSettings(
    table.rows.flatMap((row) =>
      table.columns.map((column) => at(row, column)).filter((outcome) => outcome !== undefined)
        .map((outcome): Labelled => [row.printed ?? row.method, outcome])
    ),
  );
  return stack([
    `## ${plain(table.title)}`,
    grid(header, [...groups(table), ...rows]),
    notes.below(),
    set,
    "**Notes**",
    bullets(remarks(table).map(plain)),
  ]);
}

/** What the lines of each cell are. */
function corner(table: PaperTable, notes: Footnotes): string {
  const [epoch, other] = epochs(table);
  const logs = table.rows.some(({ logs }) => logs) ? "<br>released logs" : "", open = unsaid(table);
  return `ours, ${epoch} (n)<br><sub>paper${open ? notes.mark(open) : ""} · Δ<br>ours, ${other}${logs}</sub>`;
}

function title({ teacher, student, metric }: Column, { columns }: PaperTable): string {
  const several = new Set(columns.map(({ metric }) => metric)).size > 1;
  return `${plain(teacher)} →<br>${plain(student)}${several ? `<br>${plain(metric)}` : ""}`;
}

/** The row of the columns' groups, each above its first column; none where there are none. */
function groups({ columns }: PaperTable): string[][] {
  if (columns.every(({ group }) => group === undefined)) return [];
  const names = columns.map(({ group }, i) => group === columns[i - 1]?.group ? undefined : group);
  return [["", ...names.map((name) => name === undefined ? "" : `**${plain(name)}**`)]];
}

function cellText({ ours, other, paper, logs = [], outcome }: Cell, notes: Footnotes): string {
  const first = outcome ? link(shown(ours), outcome.path) + unshown(outcome, notes) : shown(ours);
  if (!paper && !other) return first;
  const delta = minus(ours, paper), printed = delta ? `${shown(paper)} · ${delta.text}` : shown(paper);
  const released = logs.map(([epoch, { text }]) => `${epoch} ${text}`).join(" · ");
  const below = [printed, ...other ? [other.text] : [], ...released ? [`logs: ${released}`] : []];
  return `${first}<br><sub>${below.join("<br>")}</sub>`;
}
