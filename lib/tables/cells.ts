import { didYouMean } from "../values/suggest.ts";
import { type Experiment, networkOf } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import { listNetworks } from "../project/find_network.ts";
import type { Column, PaperRow, PaperTable } from "./paper.ts";
import type { PaperCells } from "../experiment/tables.ts";

/**
 * The key of a cell's experiment in its row: the pair, or the network if the row is of networks
 * trained alone.
 */
function cellName({ method }: PaperRow, { teacher, student, alone = student }: Column): string {
  return method === "teacher"
    ? nameOf(teacher)
    : method === "student"
    ? nameOf(alone)
    : pairOf(teacher, student);
}

function pairOf(teacher: string, student: string): string {
  return `${nameOf(teacher)}_${nameOf(student)}`;
}

/** A network's name without its family's: `resnet34` of `imagenet.resnet34`. */
function nameOf(id: string): string {
  return id.slice(id.lastIndexOf(".") + 1);
}

/** The experiment in a cell; `undefined` if there is none. */
export function cellAt(
  { rows }: PaperCells,
  row: PaperRow,
  column: Column,
): Experiment | undefined {
  return rows[row.method]?.[cellName(row, column)];
}

/**
 * Checks that each experiment has a cell in one of these tables, and that it trains the student of
 * its column under its teacher. An experiment with the name of its own pair may be of a pair that
 * these tables lack, since a method's module has the pairs of every paper. Throws a `Failure`
 * (exit 2) that lists the valid names if a check fails.
 */
export function checkCells(
  tables: readonly PaperTable[],
  { ids, rows }: PaperCells,
  path: string,
): void {
  const all = tables.flatMap(({ rows, columns }) =>
    rows.filter(({ delta }) => !delta).flatMap((row) => columns.map((column) => ({ row, column })))
  );
  for (const [method, experiments] of Object.entries(rows)) {
    const own = all.filter(({ row }) => row.method === method);
    if (own.length === 0) {
      throw unknown(
        path,
        `row ${method}`,
        ids,
        all.map(({ row }) => row.method),
      );
    }
    for (const [name, experiment] of Object.entries(experiments)) {
      if (isOfAnotherPair(method, name, experiment, own)) continue;
      const cells = own.filter(({ row, column }) => cellName(row, column) === name);
      const names = own.map(({ row, column }) => cellName(row, column));
      if (cells.length === 0) {
        throw unknown(path, `column ${name} in the row ${method}`, ids, names);
      }
      const problem = findMisfit(method, cells[0].column, experiment);
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
 * Checks that the networks of these tables' columns are Retort's, or in one of the experiments. A
 * misspelt one would make the column of another pair, which stays empty. Throws a `Failure`
 * (exit 2) that names the file `paper`, the table and the network if one is unknown.
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
    const name = columns.flatMap((
      { teacher, student, alone = student },
    ) => [teacher, student, alone]).find((name) => !known.has(name));
    if (name === undefined) continue;
    throw new Failure(
      2,
      `${paper}: ${id}: there is no network ${name}; \`deno task describe\` lists Retort's, ` +
        `your own has to be in an experiment of the table${didYouMean(name, known)}`,
    );
  }
}

/**
 * Whether an experiment has the name of its own pair, or of its network, and none of these cells
 * has that name.
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
  return isItsOwn && !cells.some(({ row, column }) => cellName(row, column) === name);
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

/** The reason why an experiment does not fit its cell; `undefined` if it fits. */
function findMisfit(
  method: string,
  { teacher, student, alone = student }: Column,
  experiment: Experiment,
): string | undefined {
  const isAlone = method === "teacher" || method === "student";
  const trained = method === "teacher" ? teacher : method === "student" ? alone : student;
  if (experiment.student.id !== trained) return `trains ${experiment.student.id}, not ${trained}`;
  if (!isAlone && experiment.teachers.length > 0 && !teachersOf(experiment).includes(teacher)) {
    return `is not taught by ${teacher}`;
  }
}

/**
 * The networks that teach an experiment, and those that teach its teachers, since a teacher may be
 * an assistant.
 */
function teachersOf({ teachers }: Experiment): string[] {
  return teachers.flatMap((teacher) => [
    networkOf(teacher).id,
    ...teacher.kind === "trained" ? teachersOf(teacher.experiment) : [],
  ]);
}
