/**
 * `deno task list [--paper slkd] [--json]`: shows every cell of every table with its experiment and
 * its trials.
 *
 * @module
 */
import { basename, join } from "node:path";
import { checkTypes } from "../project/check_types.ts";
import { columns } from "../terminal/columns.ts";
import { runCommand } from "../terminal/command.ts";
import { type Experiment, networkOf } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import {
  type FilledOwnTable,
  type FilledPaperTable,
  filledTables,
} from "../tables/filled_tables.ts";
import { helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { identify } from "../project/identify.ts";
import type { Outcome } from "../project/outcome.ts";
import { tableFolder, tableFolders } from "../project/find_tables.ts";

const FLAGS = {
  "paper": {
    type: "string",
    help: "folder of one paper's tables, e.g. slkd. Default: all folders",
  },
  "json": { type: "boolean", help: "print one JSON object per cell" },
} as const satisfies Spec;

/** A cell of a table. */
export interface ListedCell {
  /** The id of its experiment; `null` if there is none yet. */
  readonly id: string | null;
  /** The folder of its table in `experiments/`. */
  readonly paper: string;
  /** The id of its table. */
  readonly table: string;
  /** Its row. */
  readonly method: string;
  /** The teacher network of its column; `null` if there is none. */
  readonly teacher: string | null;
  /** The student network of its column. */
  readonly student: string;
  /**
   * The data set, `imageFolder` with its folder; `null` if neither the paper's file nor an
   * experiment names it.
   */
  readonly dataset: string | null;
  /** The best state of its trials. */
  readonly state: "measured" | "quick" | "stale" | "not run";
  /** The number of trials in that state. */
  readonly n: number;
}

/**
 * Prints the cells of every table of the project around `within`, or with `--paper` those of one
 * folder: a line for each cell and a sum for each folder, or with `--json` a `ListedCell` for each.
 * Columns that differ only in their metric are one cell. Differences of rows, and cells without an
 * outcome or a paper's number, are left out. `check` checks the types of the modules that declare
 * the tables. Rejects with a `Failure` that has the exit code.
 */
export async function runList(
  args: readonly string[],
  print: (line: string) => void = console.log,
  within: string = Deno.cwd(),
  check: (modules: readonly string[]) => Promise<void> = checkTypes,
): Promise<void> {
  const options = parseFlags(args, FLAGS);
  const [another] = options._;
  if (options.help) return print(helpText("deno task list", FLAGS));
  if (another !== undefined) {
    throw new Failure(2, `for one paper: deno task list --paper ${another}`);
  }
  const folders = options.paper === undefined
    ? tableFolders(within)
    : [tableFolder(options.paper, within)];
  await check(folders.map((folder) => join(folder, "tables.ts")));
  const cells = (await Promise.all(folders.map(listCells))).flat();
  if (options.json) return cells.forEach((cell) => print(JSON.stringify(cell)));
  const rows = cells.map(({ table, method, teacher, student, dataset, state, n, id }) => [
    ...[
      table,
      method,
      teacher ?? "—",
      student,
      dataset ?? "—",
      n > 0 ? `${state} ${n}` : state,
      id ?? "no experiment yet",
    ],
  ]);
  const header = ["table", "method", "teacher", "student", "data", "state", "experiment"];
  print(columns([header, ...rows], header.length));
  print("");
  for (const [paper, own] of Map.groupBy(cells, ({ paper }) => paper)) print(sum(paper, own));
}

/** The place of a cell in its table, and the outcome of its experiment. */
type Place = Pick<ListedCell, "table" | "method" | "teacher" | "student" | "dataset"> & {
  readonly outcome: Outcome | undefined;
};

async function listCells(folder: string): Promise<ListedCell[]> {
  const { tables } = await filledTables(folder);
  const places = tables.flatMap((filled) =>
    filled.kind === "paper" ? paperPlaces(filled) : ownPlaces(filled)
  );
  return await Promise.all(
    places.map(async ({ outcome, table, method, teacher, student, dataset }) => {
      const where = { paper: basename(folder), table, method, teacher, student };
      if (!outcome) return { id: null, ...where, dataset, state: "not run", n: 0 };
      const { experiment, measured, quick, stale } = outcome;
      const { id } = await identify(experiment);
      const counts = { measured: measured.length, quick, stale };
      const state = (["measured", "quick", "stale"] as const).find((state) => counts[state] > 0);
      return {
        id,
        ...where,
        dataset: dataOf(experiment),
        state: state ?? "not run",
        n: state ? counts[state] : 0,
      };
    }),
  );
}

/** The cells of a paper's table, row by row. */
function paperPlaces({ table: { id, dataset, columns, rows }, at }: FilledPaperTable): Place[] {
  const pairs = Map.groupBy(columns.keys(), (i) => `${columns[i].teacher} ${columns[i].student}`);
  return rows.filter(({ delta }) => !delta).flatMap((row) =>
    Array.from(pairs.values()).flatMap((indices) => {
      const { teacher, student } = columns[indices[0]];
      const outcome = at(row, columns[indices[0]]);
      const isListed = outcome || indices.some((i) => row.values[i] !== null);
      return isListed
        ? [{ table: id, method: row.method, teacher, student, dataset: dataset ?? null, outcome }]
        : [];
    })
  );
}

function ownPlaces({ id, rows }: FilledOwnTable): Place[] {
  return rows.map(([method, outcome]) => ({
    table: id,
    method,
    teacher: outcome.experiment.teachers.map((teacher) => networkOf(teacher).id).join("+") || null,
    student: outcome.experiment.student.id,
    dataset: dataOf(outcome.experiment),
    outcome,
  }));
}

/** The data set's id, with the folder of an `imageFolder`, which has no other name. */
function dataOf({ dataset: { id, options } }: Experiment): string {
  const isFolder = id === "imageFolder" && typeof options === "object" && options !== null &&
    "folder" in options;
  return isFolder ? `${id}(${options.folder})` : id;
}

/** The number of cells in each state. */
function sum(paper: string, cells: readonly ListedCell[]): string {
  const states = Array.from(
    Map.groupBy(cells, ({ state }) => state),
    ([state, { length }]) => `${length} ${state}`,
  );
  const missing = cells.filter(({ id }) => id === null).length;
  return `${paper}: ${cells.length} cells: ${states.join(", ")}${
    missing > 0 ? `; ${missing} without an experiment yet` : ""
  }`;
}

if (import.meta.main) await runCommand(() => runList(Deno.args));
