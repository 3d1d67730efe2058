import { dirname, join, resolve } from "node:path";
import type { Experiment } from "../experiment/experiment.ts";
import { checkTypes } from "../project/check_types.ts";
import { userPath } from "../files/user_path.ts";
import { tableFolder } from "../project/find_tables.ts";
import { findModule, loadExperiments, namesModule, rootAround } from "../project/identify.ts";
import { runOfPath, specOf } from "../run/run_ids.ts";
import { filledTables } from "../tables/filled_tables.ts";

/**
 * Loads the experiments that arguments name, each once, in order: those of a module, `module.ts` or
 * `module.ts#name`, or those that fill the tables of a folder, named by its path or by its name in
 * the `experiments/` of the project around `within`. `check` checks the types of their modules.
 * Rejects with a `Failure` (exit 2) that lists or suggests what exists.
 */
export async function namedExperiments(
  names: readonly string[],
  within: string,
  check: typeof checkTypes = checkTypes,
): Promise<Experiment[]> {
  const places = names.map((name): Place => {
    return namesModule(name)
      ? { module: findModule(name), load: () => moduleExperiments(name) }
      : tablesPlace(tableFolder(name, within));
  });
  await check(places.map(({ module }) => module));
  const found = await Promise.all(places.map(({ load }) => load()));
  return [...new Set(found.flat())];
}

/** A module to check, and how to load the experiments that it names. */
interface Place {
  readonly module: string;
  readonly load: () => Promise<Experiment[]>;
}

function tablesPlace(folder: string): Place {
  return { module: join(folder, "tables.ts"), load: () => tableExperiments(folder) };
}

/** What a run's folder stands for as an argument. */
export interface RunArgument {
  /** The argument that names its experiment. */
  readonly spec: string;
  /** Its seed. `undefined` for the folder of all runs of the experiment. */
  readonly seed: number | undefined;
}

/**
 * Reads an argument that is a run's folder, or a path in one. `undefined` for any other. Throws a
 * `Failure` (exit 2) if the run is a quick one or was put aside.
 */
export function runArgument(name: string): RunArgument | undefined {
  const path = resolve(userPath(name));
  const root = rootAround(dirname(path));
  const run = runOfPath(root, path);
  return run && { spec: join(root, specOf(run.id)), seed: run.seed };
}

async function moduleExperiments(spec: string): Promise<Experiment[]> {
  return (await loadExperiments(spec)).map(({ experiment }) => experiment);
}

/** The experiments in the cells of a folder's tables, row by row. */
async function tableExperiments(folder: string): Promise<Experiment[]> {
  const { tables } = await filledTables(folder);
  return tables.flatMap((filled) => {
    if (filled.kind === "own") return filled.rows.map(([, { experiment }]) => experiment);
    const { table: { rows, columns }, at } = filled;
    return rows.filter(({ delta }) => !delta).flatMap((row) =>
      columns.flatMap((column) => at(row, column)?.experiment ?? [])
    );
  });
}
