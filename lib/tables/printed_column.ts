import { dirname, join } from "node:path";
import type { OwnTable, PrintedReference } from "../experiment/tables.ts";
import { Failure } from "../values/failure.ts";
import { didYouMean } from "../values/suggest.ts";
import type { Summary } from "../values/statistics.ts";
import { readPaper, tableOf } from "./paper.ts";
import { comparedEpochs } from "./paper_column.ts";

/** A paper's numbers of a measure, beside the rows of a table of our own. */
export interface PrintedColumn {
  /** Its heading, with the paper's number of epochs. */
  readonly title: string;
  /** Where the numbers were printed, and how the rows there differ from ours. */
  readonly source: string;
  /** The measure, a key of the task's measures. */
  readonly metric: string;
  /** The epoch of our numbers that they are compared with. */
  readonly epoch: "last" | "best";
  /** The printed numbers, by the names of our rows. */
  readonly values: ReadonlyMap<string, Summary>;
}

/**
 * Reads the printed numbers that a table of our own refers to, of the measure `metric`. Rejects
 * with a `Failure` (exit 2) that names `module` and what exists, if the paper, its table, its
 * column or a row is missing, or if no row of ours has a printed number.
 */
export async function readPrinted(
  reference: PrintedReference,
  { id, rows }: Pick<OwnTable, "id" | "rows">,
  metric: string,
  module: string,
): Promise<PrintedColumn> {
  const { title, epochs, teacher, student, rows: names = {}, note } = reference;
  const paper = await readPaper(join(dirname(module), reference.paper));
  const table = tableOf(paper, reference.table, module);
  const refuse = (problem: string) => {
    return new Failure(2, `${module}: ${id}: \`printed\` of ${reference.table}: ${problem}`);
  };
  const column = table.columns.findIndex((one) =>
    one.teacher === teacher && one.student === student && one.metric === metric
  );
  if (column < 0) {
    const there = table.columns.map((one) => `${one.teacher} → ${one.student} (${one.metric})`);
    throw refuse(
      `there is no column ${teacher} → ${student} (${metric}); there are ${there.join(", ")}`,
    );
  }
  const methods = table.rows.filter(({ delta }) => !delta).map(({ method }) => method);
  for (const [own, method] of Object.entries(names)) {
    const all = Object.keys(rows);
    if (!all.includes(own)) throw refuse(`we have no row ${own}${didYouMean(own, all)}`);
    if (methods.includes(method)) continue;
    throw refuse(`the paper has no row ${method}; it has ${methods.join(", ")}`);
  }
  const values = new Map(
    Object.keys(rows).flatMap((own): [string, Summary][] => {
      const method = names[own] ?? own;
      const value = table.rows.find((row) => row.method === method && !row.delta)?.values[column];
      return value ? [[own, value]] : [];
    }),
  );
  if (values.size === 0) throw refuse(`none of our rows is in it; it has ${methods.join(", ")}`);
  const { authors, venue, year, title: name } = paper;
  const source = `${table.id}, ${authors.join(", ")}, “${name}”, ${venue}, ${year}`;
  return {
    title: `${title}, ${epochs} epochs`,
    source: note === undefined ? source : `${source}. ${note}`,
    metric,
    epoch: comparedEpochs(table)[0],
    values,
  };
}
