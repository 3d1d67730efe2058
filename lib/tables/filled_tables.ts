/**
 * A folder's tables with what came of their experiments: what every format, and the list of cells,
 * is made of.
 *
 * @module
 */
import { dirname, join } from "node:path";
import type { Experiment } from "../experiment/experiment.ts";
import type { OwnTable, PaperCells } from "../experiment/tables.ts";
import { declaredTables } from "../project/find_tables.ts";
import { type Outcome, readOutcome } from "../project/outcome.ts";
import { Failure } from "../values/failure.ts";
import { cellAt, checkCells, checkColumns } from "./cells.ts";
import type { LabelledOutcome } from "./own_rows.ts";
import {
  type Column,
  type Paper,
  type PaperRow,
  type PaperTable,
  readPaper,
  tableOf,
} from "./paper.ts";
import { type TeacherNames, teacherNames } from "./teacher_names.ts";

/** A paper's table, with ours. */
export interface FilledPaperTable {
  /** What tells it from one of our own. */
  readonly kind: "paper";
  /** The table. */
  readonly table: PaperTable;
  /** What came of a cell's experiment; `undefined` where there is none. */
  readonly at: (row: PaperRow, column: Column) => Outcome | undefined;
}

/** A table of our own. */
export interface FilledOwnTable {
  /** What tells it from a paper's. */
  readonly kind: "own";
  /** Its id. */
  readonly id: string;
  /** What it shows. */
  readonly title: string;
  /** Its rows. */
  readonly rows: readonly LabelledOutcome[];
  /** The labels of the rows that the others are compared with. */
  readonly against: readonly string[];
  /** What its teachers are called. */
  readonly names: TeacherNames;
}

/** A table with what came of its experiments. */
export type FilledTable = FilledPaperTable | FilledOwnTable;

/** The tables of a folder. */
export interface FilledTables {
  /** What they are called together. */
  readonly title: string;
  /** The paper they are of; absent where they are all our own. */
  readonly paper?: Paper;
  /** The tables, in order. */
  readonly tables: readonly FilledTable[];
}

/**
 * The tables of a folder. Rejects with a `Failure` that names the file where a declaration, a
 * paper's numbers or a result are wrong.
 */
export async function filledTables(folder: string): Promise<FilledTables> {
  const { module, declared } = await declaredTables(folder);
  once(declared.tables.flatMap((table) => table.kind === "paper" ? table.ids : [table.id]), module);
  if (declared.kind === "own") {
    return {
      title: declared.title,
      tables: await Promise.all(declared.tables.map((table) => own(table, module))),
    };
  }
  const file = join(dirname(module), declared.paper);
  const paper = await readPaper(file);
  const tables = await Promise.all(
    declared.tables.map((table) =>
      table.kind === "paper" ? ofPaper(paper, file, table, module) : own(table, module)
    ),
  );
  return { title: paper.title, paper, tables: tables.flat() };
}

async function ofPaper(
  paper: Paper,
  file: string,
  cells: PaperCells,
  module: string,
): Promise<FilledPaperTable[]> {
  const tables = cells.ids.map((id) => tableOf(paper, id, module));
  checkColumns(tables, cells, file);
  checkCells(tables, cells, module);
  const experiments = Object.values(cells.rows).flatMap((row) => Object.values<Experiment>(row));
  const found = await Promise.all(experiments.map((one) => readOutcome(one, dirname(module))));
  const outcomes = new Map(found.map((one) => [one.experiment, one]));
  const at = (row: PaperRow, column: Column) => {
    const experiment = cellAt(cells, row, column);
    return experiment && outcomes.get(experiment);
  };
  return tables.map((table) => ({ kind: "paper", table, at }));
}

async function own(
  { id, title, rows, against = [] }: OwnTable,
  module: string,
): Promise<FilledOwnTable> {
  const references = [against].flat().map((reference) => {
    const row = Object.entries(rows).find(([, experiment]) => experiment === reference);
    if (row) return row[0];
    throw new Failure(
      2,
      `${module}: ${id}: what the rows are compared \`against\` has to be one of them`,
    );
  });
  const labelled = Object.entries(rows).map(async (
    [label, experiment],
  ): Promise<LabelledOutcome> => [
    label,
    await readOutcome(experiment, dirname(module)),
  ]);
  const filled = {
    rows: await Promise.all(labelled),
    against: references,
    names: await teacherNames(rows),
  };
  return { kind: "own", id, title, ...filled };
}

function once(ids: readonly string[], module: string): void {
  const twice = ids.find((id, i) => ids.indexOf(id) < i);
  if (twice !== undefined) throw new Failure(2, `${module} has the table ${twice} twice`);
}
