import { join } from "node:path";
import { type FilledTable, filledTables } from "../filled_tables.ts";
import { generated, type Section } from "./generated.ts";
import { paragraph, plain, stack } from "../../values/markdown.ts";
import { ownTable } from "./own_table.ts";
import type { Paper } from "../paper.ts";
import { paperTable } from "./markdown_tables.ts";

/**
 * What the README of a folder with a `tables.ts` should be, given what it is: its head and tables new, its prose kept.
 * Rejects with a `Failure` that names the file where a declaration, the paper's numbers or a result are wrong.
 */
export async function readme(folder: string, current: string): Promise<string> {
  const { title, paper, tables } = await filledTables(folder);
  const legend = paper ? [citation(paper), paragraph(`${LEGEND} ${LEGEND_OF_PAPER}`)] : [paragraph(LEGEND)];
  const head = { name: "head", body: stack([ORIGIN, `# ${plain(title)}`, ...legend]) };
  return generated(join(folder, "README.md"), current, [head, ...tables.map(section)]);
}

const ORIGIN =
  "<!-- Written by `deno task tables`, as are the tables below; what stands outside of these markers is kept. -->";

const LEGEND =
  "Accuracies in percent, over n trials: mean ± sample standard deviation. `last` is after the last epoch; `best` is at the " +
  "epoch that was best on the test set, or on the hold-out where one is declared. `—` was not run, or has no such number. " +
  "The best of a column is bold, in a table of ours the best of each student, for KL of each student and teacher.";

const LEGEND_OF_PAPER = "Below ours stand the paper's number, the difference Δ, and ours at the other epoch.";

function citation({ authors, venue, year, code }: Paper): string {
  const where = venue.includes(String(year)) ? venue : `${venue}, ${year}`;
  const cited = plain(`${authors.join(", ")}. ${where}.`);
  return paragraph(code ? `${cited} [Code](${code}).` : cited);
}

function section(filled: FilledTable): Section {
  if (filled.kind === "paper") return { name: `table: ${filled.table.id}`, body: paperTable(filled.table, filled.at) };
  return { name: `table: ${filled.id}`, body: ownTable(filled.title, filled.rows, filled.against, filled.names) };
}
