/**
 * `deno task list [--paper slkd] [--json]`: every cell of every table, and what was measured of it.
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
    help: "the folder of one paper's tables, e.g. slkd; all of them without it",
  },
  "json": { type: "boolean", help: "print one JSON object per cell" },
} as const satisfies Spec;

/** A cell of a table. */
export interface ListedCell {
  /** Its experiment; `null` where there is none yet. */
  readonly id: string | null;
  /** The folder of its table in `experiments/`. */
  readonly paper: string;
  /** Its table. */
  readonly table: string;
  /** Its row. */
  readonly method: string;
  /** The network that teaches in its column; `null` where none does. */
  readonly teacher: string | null;
  /** The network that learns there. */
  readonly student: string;
  /**
   * The data set, `imageFolder` with what it reads; `null` where neither the paper's file nor an
   * experiment says.
   */
  readonly dataset: string | null;
  /** The best that there is of it. */
  readonly state: "measured" | "quick" | "stale" | "not run";
  /** How many trials are in that state. */
  readonly n: number;
}

/**
 * Shows the cells of every table of the project around `within`, or with `--paper` those of one
 * folder's: a line for each and a sum for each folder, or with `--json` a `ListedCell` for each.
 * Columns that differ in what they measure only are one cell; differences of rows and what a paper
 * has no number for are none. `checked` looks at the types of what declares the tables. Rejects
 * with a `Failure` that has the exit code.
 */
export async function runList(
  args: readonly string[],
  print: (line: string) => void = console.log,
  within: string = Deno.cwd(),
  checked: (modules: readonly string[]) => Promise<void> = checkTypes,
): Promise<void> {
  const options = parseFlags(args, FLAGS);
  const [another] = options._;
  if (options.help) return print(helpText("deno task list", FLAGS));
  if (another !== undefined) {
    throw new Failure(2, `one paper's cells are deno task list --paper ${another}`);
  }
  const folders = options.paper === undefined
    ? tableFolders(within)
    : [tableFolder(options.paper, within)];
  await checked(folders.map((folder) => join(folder, "tables.ts")));
  const cells = (await Promise.all(folders.map(listed))).flat();
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

/** A cell without what is known of its experiment. */
type Place = Pick<ListedCell, "table" | "method" | "teacher" | "student" | "dataset"> & {
  readonly outcome: Outcome | undefined;
};

async function listed(folder: string): Promise<ListedCell[]> {
  const { tables } = await filledTables(folder);
  const places = tables.flatMap((filled) =>
    filled.kind === "paper" ? ofPaper(filled) : ofOwn(filled)
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
function ofPaper({ table: { id, dataset, columns, rows }, at }: FilledPaperTable): Place[] {
  const pairs = Map.groupBy(columns.keys(), (i) => `${columns[i].teacher} ${columns[i].student}`);
  return rows.filter(({ delta }) => !delta).flatMap((row) =>
    Array.from(pairs.values()).flatMap((indices) => {
      const { teacher, student } = columns[indices[0]];
      const outcome = at(row, columns[indices[0]]);
      const isThere = outcome || indices.some((i) => row.values[i] !== null);
      return isThere
        ? [{ table: id, method: row.method, teacher, student, dataset: dataset ?? null, outcome }]
        : [];
    })
  );
}

function ofOwn({ id, rows }: FilledOwnTable): Place[] {
  return rows.map(([method, outcome]) => ({
    table: id,
    method,
    teacher: outcome.experiment.teachers.map((teacher) => networkOf(teacher).id).join("+") || null,
    student: outcome.experiment.student.id,
    dataset: dataOf(outcome.experiment),
    outcome,
  }));
}

/** The data set's name; a folder of images has none of its own. */
function dataOf({ dataset: { id, options } }: Experiment): string {
  const isFolder = id === "imageFolder" && typeof options === "object" && options !== null &&
    "folder" in options;
  return isFolder ? `${id}(${options.folder})` : id;
}

/** How many cells there are, and in which state. */
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
