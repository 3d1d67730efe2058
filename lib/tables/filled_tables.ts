/**
 * A folder's tables with the outcomes of their experiments. Every format and the list of cells read
 * them from here.
 *
 * @module
 */
import { dirname, join } from "node:path";
import type { Experiment } from "../experiment/experiment.ts";
import type { OwnTable, PaperCells } from "../experiment/tables.ts";
import { readTables } from "../project/find_tables.ts";
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
import { type PrintedColumn, readPrinted } from "./printed_column.ts";
import { type TeacherNames, teacherNames } from "./teacher_names.ts";

/** A paper's table with our outcomes. */
export interface FilledPaperTable {
  readonly kind: "paper";
  readonly table: PaperTable;
  /** The outcome of a cell's experiment; `undefined` if the cell has none. */
  readonly at: (row: PaperRow, column: Column) => Outcome | undefined;
}

/** A table of our own with its outcomes. */
export interface FilledOwnTable {
  readonly kind: "own";
  readonly id: string;
  readonly title: string;
  readonly rows: readonly LabelledOutcome[];
  /** The labels of the rows that the others are compared with. */
  readonly against: readonly string[];
  /** The names of its teachers. */
  readonly names: TeacherNames;
  /** The numbers of papers that stand beside ours. */
  readonly printed: readonly PrintedColumn[];
}

/** A table with the outcomes of its experiments. */
export type FilledTable = FilledPaperTable | FilledOwnTable;

/** The tables of a folder. */
export interface FilledTables {
  /** The title of the README: the paper's, or that of our own tables. */
  readonly title: string;
  /** The paper that printed them; `undefined` if all are our own. */
  readonly paper?: Paper;
  /** The tables in the order of their declaration. */
  readonly tables: readonly FilledTable[];
}

/**
 * Reads the tables of a folder. Rejects with a `Failure` that names the file if a declaration, a
 * paper's numbers or a result are wrong.
 */
export async function filledTables(folder: string): Promise<FilledTables> {
  const { module, declared } = await readTables(folder);
  checkUnique(
    declared.tables.flatMap((table) => table.kind === "paper" ? table.ids : [table.id]),
    module,
  );
  if (declared.kind === "own") {
    return {
      title: declared.title,
      tables: await Promise.all(declared.tables.map((table) => fillOwn(table, module))),
    };
  }
  const file = join(dirname(module), declared.paper);
  const paper = await readPaper(file);
  const tables = await Promise.all(
    declared.tables.map((table) =>
      table.kind === "paper" ? fillPaper(paper, file, table, module) : fillOwn(table, module)
    ),
  );
  return { title: paper.title, paper, tables: tables.flat() };
}

async function fillPaper(
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

async function fillOwn(table: OwnTable, module: string): Promise<FilledOwnTable> {
  const { id, title, rows, against = [], printed = [] } = table;
  const references = [against].flat().map((reference) => {
    const row = Object.entries(rows).find(([, experiment]) => experiment === reference);
    if (row) return row[0];
    throw new Failure(
      2,
      `${module}: ${id}: \`against\` has to be one of the rows`,
    );
  });
  const labelled = Object.entries(rows).map(async (
    [label, experiment],
  ): Promise<LabelledOutcome> => [
    label,
    await readOutcome(experiment, dirname(module)),
  ]);
  const [first] = Object.values<Experiment | undefined>(rows);
  const primary = first?.dataset.task.primary ?? "";
  const columns = printed.map((one) => readPrinted(one, table, primary, module));
  const [filledRows, filledPrinted, names] = await Promise.all([
    Promise.all(labelled),
    Promise.all(columns),
    teacherNames(rows),
  ]);
  const filled = { rows: filledRows, against: references, names, printed: filledPrinted };
  return { kind: "own", id, title, ...filled };
}

function checkUnique(ids: readonly string[], module: string): void {
  const twice = ids.find((id, i) => ids.indexOf(id) < i);
  if (twice !== undefined) throw new Failure(2, `${module} has the table ${twice} twice`);
}
