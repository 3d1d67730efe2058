/**
 * `deno task list [--paper slkd] [--json]`: shows every cell of every table with its experiment and
 * its trials. With `--pending`, the trials that are still to be trained.
 *
 * @module
 */
import { basename, join } from "node:path";
import { checkTypes } from "../project/check_types.ts";
import { columns } from "../terminal/columns.ts";
import { runCommand } from "../terminal/command.ts";
import { dataName } from "../experiment/data_name.ts";
import { networkOf } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import { userFolder } from "../files/user_path.ts";
import {
  type FilledOwnTable,
  type FilledPaperTable,
  filledTables,
} from "../tables/filled_tables.ts";
import { type Flags, helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { identify } from "../project/identify.ts";
import type { Outcome } from "../project/outcome.ts";
import { tableFolder, tableFolders } from "../project/find_tables.ts";
import { findDataFolder } from "../files/data_folder.ts";
import {
  dependents,
  foundationsFirst,
  isSameTrial,
  queue,
  type QueuedTrial,
} from "../run/queue.ts";
import { unrecorded } from "../run/unrecorded.ts";
import { status } from "../terminal/status.ts";
import { NONE } from "../values/markdown.ts";
import { shellCommand } from "../values/shell.ts";
import { namedExperiments } from "./named_experiments.ts";
import { requestedTrials, RUN_FLAGS } from "./run_flags.ts";

const FLAGS = {
  "paper": {
    type: "string",
    help: "folder of one paper's tables, e.g. slkd. Default: all folders",
  },
  "json": { type: "boolean", help: "print one JSON object per cell, or per trial" },
  "pending": {
    type: "boolean",
    help:
      "list the trials without a recorded result, done ones too, and the teachers that they lack",
  },
  "commands": {
    type: "boolean",
    help: "with --pending: print one command per trial, teachers first, for `… | parallel -j 2`; " +
      "each waits for a teacher that another one trains. If trials need a numbered epoch of a " +
      "teacher, all of their seed that build on it are one command, which any number of processes can share",
  },
  "seed": { ...RUN_FLAGS.seed, help: `with --pending: ${RUN_FLAGS.seed.help}` },
  "trials": { ...RUN_FLAGS.trials, help: `with --pending: ${RUN_FLAGS.trials.help}` },
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
  /** The number of measured trials whose own code has changed since. `undefined` for none. */
  readonly changed?: number;
}

/**
 * Prints the cells of every table of the project around `within`, or with `--paper` those of one
 * folder: a line for each cell and a sum for each folder, or with `--json` a `ListedCell` for each.
 * Columns that differ only in their metric are one cell. Differences of rows, and cells without an
 * outcome or a paper's number, are left out. `check` checks the types of the modules that declare
 * the tables. With `--pending`, prints the trials to train or to record, or with `--commands` the
 * commands that do so. Rejects with a `Failure` that has the exit code.
 */
export async function runList(
  args: readonly string[],
  print: (line: string) => void = console.log,
  within: string = userFolder(),
  check: typeof checkTypes = checkTypes,
): Promise<void> {
  const options = parseFlags(args, FLAGS);
  const [another] = options._;
  if (options.help) {
    return print(helpText("deno task list, deno task list [module…] --pending", FLAGS));
  }
  if (options.pending) return await listPending(options, print, within, check);
  const flag = (["commands", "seed", "trials"] as const).find((name) =>
    (options[name] ?? false) !== false
  );
  if (flag) throw new Failure(2, `--${flag} needs --pending`);
  if (another !== undefined) {
    throw new Failure(2, `for one paper: deno task list --paper ${another}`);
  }
  const folders = options.paper === undefined
    ? tableFolders(within)
    : [tableFolder(options.paper, within)];
  await check(folders.map((folder) => join(folder, "tables.ts")));
  const cells = (await Promise.all(folders.map(listCells))).flat();
  if (options.json) return cells.forEach((cell) => print(JSON.stringify(cell)));
  const rows = cells.map(({ table, method, teacher, student, dataset, state, n, changed, id }) => [
    table,
    method,
    teacher ?? NONE,
    student,
    dataset ?? NONE,
    `${state}${n > 0 ? ` ${n}` : ""}${changed ? `, ${changed} of changed code` : ""}`,
    id ?? "no experiment yet",
  ]);
  const header = ["table", "method", "teacher", "student", "data", "state", "experiment"];
  print(columns([header, ...rows], header.length));
  print("");
  for (const [paper, own] of Map.groupBy(cells, ({ paper }) => paper)) print(sum(paper, own));
}

/** Prints the trials that are still to be trained or recorded. */
async function listPending(
  options: Flags<typeof FLAGS>,
  print: (line: string) => void,
  within: string,
  check: typeof checkTypes,
): Promise<void> {
  const { paper, json, commands, _: modules } = options;
  if (json && commands) throw new Failure(2, "--json and --commands exclude each other");
  const named = [...paper === undefined ? [] : [paper], ...modules];
  const experiments = await namedExperiments(
    named.length > 0 ? named : tableFolders(within),
    within,
    check,
  );
  const settings = {
    data: findDataFolder(),
    fresh: false,
    status: status({ quiet: true }),
    interrupted: () => false,
  };
  const missing = await unrecorded(requestedTrials(experiments, options));
  const waiting = foundationsFirst(await queue(missing, settings));
  const done: ListedTrial[] = [];
  for (const trial of missing) {
    if (waiting.some((one) => isSameTrial(one, trial))) continue;
    const { id } = await identify(trial.experiment);
    done.push({ id, seed: trial.seed, state: "done, not recorded", neededBy: null });
  }
  const listed = [...done, ...waiting.map(listTrial)];
  if (commands) {
    const together = [...done.map((one) => [one]), ...shareCommands(waiting)];
    return together.forEach((trials) => print(commandOf(trials)));
  }
  if (json) return listed.forEach((trial) => print(JSON.stringify(trial)));
  const rows = listed.map(({ id, seed, state, neededBy }) => [
    id,
    String(seed),
    state,
    neededBy ?? "asked for",
  ]);
  const header = ["experiment", "seed", "state", "for"];
  if (rows.length > 0) print(`${columns([header, ...rows], header.length)}\n`);
  const are = (n: number) => n === 1 ? "1 trial is" : `${n} trials are`;
  const recordable = done.length > 0 ? `, ${are(done.length)} done and to be recorded` : "";
  print(`${are(waiting.length)} to be trained${recordable}`);
}

/**
 * Groups queued trials by the command that trains them: each alone, but those of a seed together that
 * build on a trial of which others want numbered epochs. They train that one, which has no command:
 * whoever trains it has to know which epochs to keep.
 */
function shareCommands(waiting: readonly QueuedTrial[]): ListedTrial[][] {
  const kept = waiting.filter(({ keep }) => keep.some((epoch) => typeof epoch === "number"));
  const sharing = dependents(waiting, kept);
  const groups = Map.groupBy(
    waiting.filter((trial) => !kept.includes(trial)),
    (trial) => sharing.has(trial) ? trial.seed : trial,
  );
  return Array.from(groups.values(), (trials) => trials.map(listTrial));
}

/** The command that trains trials of one seed, for a shell in the project. */
function commandOf(trials: readonly ListedTrial[]): string {
  const ids = trials.map(({ id }) => id);
  const seed = String(trials[0].seed);
  return shellCommand(["deno", "task", "exp", ...ids, "--seed", seed, "--pending"]);
}

/** A trial that is still to be trained or recorded. */
interface ListedTrial {
  /** The id of its experiment. */
  readonly id: string;
  readonly seed: number;
  /** The state of its run. */
  readonly state: QueuedTrial["state"] | "done, not recorded";
  /** The trial that it is trained for; `null` if it was asked for. */
  readonly neededBy: string | null;
}

function listTrial({ identity: { id }, seed, state, need }: QueuedTrial): ListedTrial {
  return {
    id,
    seed,
    state,
    neededBy: need ? `${need.role} of ${need.id} seed ${need.seed}` : null,
  };
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
      const { experiment, measured, quick, stale, changed } = outcome;
      const { id } = await identify(experiment);
      const counts = { measured: measured.length, quick, stale };
      const state = (["measured", "quick", "stale"] as const).find((state) => counts[state] > 0);
      return {
        id,
        ...where,
        dataset: dataName(experiment),
        state: state ?? "not run",
        n: state ? counts[state] : 0,
        ...changed && { changed },
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
    dataset: dataName(outcome.experiment),
    outcome,
  }));
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
