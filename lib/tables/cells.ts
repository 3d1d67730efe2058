import { didYouMean } from "../values/suggest.ts";
import { type Experiment, networkOf } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import { listNetworks } from "../project/find_network.ts";
import type { Column, PaperRow, PaperTable } from "./paper.ts";
import type { PaperCells } from "../experiment/tables.ts";

/**
 * The name by which an experiment is put into a cell: the pair, or the network where it is trained
 * alone.
 */
export function columnName({ method }: PaperRow, { teacher, student }: Column): string {
  return method === "teacher"
    ? nameOf(teacher)
    : method === "student"
    ? nameOf(student)
    : pairOf(teacher, student);
}

function pairOf(teacher: string, student: string): string {
  return `${nameOf(teacher)}_${nameOf(student)}`;
}

/** A network's name without its family's: `resnet34` of `imagenet.resnet34`. */
function nameOf(id: string): string {
  return id.slice(id.lastIndexOf(".") + 1);
}

/** The experiment in a cell; `undefined` where there is none. */
export function cellAt(
  { rows }: PaperCells,
  row: PaperRow,
  column: Column,
): Experiment | undefined {
  return rows[row.method]?.[columnName(row, column)];
}

/**
 * Checks that each experiment has a cell in one of these tables, and that it trains the student of
 * its column under its teacher. One that goes by its own pair's name may be of a pair that these
 * tables lack: a method's module has the pairs of every paper. Throws a `Failure` (exit 2) that
 * lists the valid names otherwise.
 */
export function checkCells(
  tables: readonly PaperTable[],
  { ids, rows }: PaperCells,
  path: string,
): void {
  const printed = tables.flatMap(({ rows, columns }) =>
    rows.filter(({ delta }) => !delta).flatMap((row) => columns.map((column) => ({ row, column })))
  );
  for (const [method, experiments] of Object.entries(rows)) {
    const there = printed.filter(({ row }) => row.method === method);
    if (there.length === 0) {
      throw unknown(
        path,
        `row ${method}`,
        ids,
        printed.map(({ row }) => row.method),
      );
    }
    for (const [name, experiment] of Object.entries(experiments)) {
      if (isOfAnotherPair(method, name, experiment, there)) continue;
      const cells = there.filter(({ row, column }) => columnName(row, column) === name);
      const names = there.map(({ row, column }) => columnName(row, column));
      if (cells.length === 0) {
        throw unknown(path, `column ${name} in the row ${method}`, ids, names);
      }
      const problem = misfit(method, cells[0].column, experiment);
      if (problem) {
        throw new Failure(
          2,
          `${path}: the experiment in the row ${method}, column ${name}, ${problem}`,
        );
      }
    }
  }
}

/**
 * Checks that the networks of these tables' columns are ours, or in one of the experiments: one
 * that is misspelt would be another pair's column, and stay empty. Throws a `Failure` (exit 2) that
 * names the `paper`'s file, table and network.
 */
export function checkColumns(
  tables: readonly PaperTable[],
  { rows }: PaperCells,
  paper: string,
): void {
  const experiments = Object.values(rows).flatMap((row) => Object.values<Experiment>(row));
  const own = experiments.flatMap((
    experiment,
  ) => [experiment.student.id, ...teachersOf(experiment)]);
  const known = new Set([...listNetworks().map(({ network }) => network.id), ...own]);
  for (const { id, columns } of tables) {
    const name = columns.flatMap(({ teacher, student }) => [teacher, student]).find((name) =>
      !known.has(name)
    );
    if (name === undefined) continue;
    throw new Failure(
      2,
      `${paper}: ${id}: there is no network ${name}; \`deno task describe\` lists ours, one of your own has to be in an ` +
        `experiment of the table${didYouMean(name, known)}`,
    );
  }
}

/**
 * Whether an experiment goes by the name of its own pair, or of its network, and that is none of
 * these cells'.
 */
function isOfAnotherPair(
  method: string,
  name: string,
  experiment: Experiment,
  cells: readonly { readonly row: PaperRow; readonly column: Column }[],
): boolean {
  const { student: { id }, teachers } = experiment;
  const isAlone = method === "teacher" || method === "student";
  const isItsOwn = isAlone
    ? name === nameOf(id)
    : teachers.length === 0
    ? name.endsWith(`_${nameOf(id)}`)
    : teachersOf(experiment).some((teacher) => name === pairOf(teacher, id));
  return isItsOwn && !cells.some(({ row, column }) => columnName(row, column) === name);
}

function unknown(
  path: string,
  what: string,
  ids: readonly string[],
  names: readonly string[],
): Failure {
  return new Failure(
    2,
    `${path}: ${ids.join(", ")}: there is no ${what}; there are ${[...new Set(names)].join(", ")}`,
  );
}

/** Why an experiment is not what its cell is about. */
function misfit(
  method: string,
  { teacher, student }: Column,
  experiment: Experiment,
): string | undefined {
  const alone = method === "teacher" || method === "student";
  const trained = method === "teacher" ? teacher : student;
  if (experiment.student.id !== trained) return `trains ${experiment.student.id}, not ${trained}`;
  if (!alone && experiment.teachers.length > 0 && !teachersOf(experiment).includes(teacher)) {
    return `is not taught by ${teacher}`;
  }
}

/**
 * The networks that teach an experiment, those that teach its teachers among them, as with
 * assistants.
 */
function teachersOf({ teachers }: Experiment): string[] {
  return teachers.flatMap((teacher) => [
    networkOf(teacher).id,
    ...teacher.kind === "trained" ? teachersOf(teacher.experiment) : [],
  ]);
}
