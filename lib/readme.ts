import { dirname, join } from "node:path";
import { cellAt, checkCells } from "./cells.ts";
import type { Experiment } from "./experiment.ts";
import { Failure } from "./failure.ts";
import { generated, type Section } from "./generated.ts";
import { paragraph, plain, stack } from "./markdown.ts";
import { type Outcome, outcome } from "./outcome.ts";
import { ownTable } from "./own_table.ts";
import { type Paper, readPaper, tableOf } from "./paper.ts";
import { paperTable } from "./paper_table.ts";
import type { Labelled } from "./setting.ts";
import type { OwnTables, PaperTables } from "./table.ts";
import { declaredTables } from "./table_folders.ts";

/**
 * What the README of a folder with a `tables.ts` should be, given what it is: its head and tables new, its prose kept.
 * Rejects with a `Failure` that names the file where a declaration, the paper's numbers or a result are wrong.
 */
export async function readme(folder: string, current: string): Promise<string> {
  const { module, declared } = await declaredTables(folder);
  const sections = "paper" in declared ? await ofPaper(declared, module) : await ofOwn(declared, module);
  return generated(join(folder, "README.md"), current, sections);
}

const ORIGIN =
  "<!-- Written by `deno task tables`, as are the tables below; what stands outside of these markers is kept. -->";

const LEGEND =
  "Accuracies in percent, over n trials: mean ± sample standard deviation. `last` is after the last epoch; `best` is at the " +
  "epoch that was best on the test set, or on the hold-out where one is declared. `—` was not run. The best of a column is bold.";

async function ofPaper({ paper: file, tables }: PaperTables, module: string): Promise<Section[]> {
  const paper = await readPaper(join(dirname(module), file));
  once(tables.flatMap(({ ids }) => ids), module);
  const sections = [{
    name: "head",
    body: stack([ORIGIN, ...citation(paper), paragraph(`${LEGEND} ${LEGEND_OF_PAPER}`)]),
  }];
  for (const cells of tables) {
    const chosen = cells.ids.map((id) => tableOf(paper, id, module));
    checkCells(chosen, cells, module);
    const outcomes = await outcomesOf(Object.values(cells.rows).flatMap(Object.values<Experiment>), module);
    for (const table of chosen) {
      const body = paperTable(table, (row, column) => outcomes.get(cellAt(cells, row, column)));
      sections.push({ name: `table: ${table.id}`, body });
    }
  }
  return sections;
}

const LEGEND_OF_PAPER = "Below ours stand the paper's number, the difference Δ, and ours at the other epoch.";

function citation({ title, authors, venue, year, code }: Paper): string[] {
  const where = venue.includes(String(year)) ? venue : `${venue}, ${year}`;
  const cited = plain(`${authors.join(", ")}. ${where}.`);
  return [`# ${plain(title)}`, paragraph(code ? `${cited} [Code](${code}).` : cited)];
}

async function ofOwn({ title, tables }: OwnTables, module: string): Promise<Section[]> {
  once(tables.map(({ id }) => id), module);
  const sections = [{ name: "head", body: stack([ORIGIN, `# ${plain(title)}`, paragraph(LEGEND)]) }];
  for (const { id, title, rows } of tables) {
    const outcomes = await outcomesOf(Object.values(rows), module);
    const labelled = Object.entries(rows).map(([label, one]): Labelled => [label, outcomes.get(one)!]);
    sections.push({ name: `table: ${id}`, body: ownTable(title, labelled) });
  }
  return sections;
}

async function outcomesOf(
  experiments: readonly Experiment[],
  module: string,
): Promise<Map<Experiment | undefined, Outcome>> {
  const found = await Promise.all(experiments.map((one) => outcome(one, dirname(module))));
  return new Map(experiments.map((one, i) => [one, found[i]]));
}

function once(ids: readonly string[], module: string): void {
  const twice = ids.find((id, i) => ids.indexOf(id) < i);
  if (twice !== undefined) throw new Failure(2, `${module} has the table ${twice} twice`);
}
