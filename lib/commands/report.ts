/**
 * `deno task report [experiments…]`: writes a page of tables and runs.
 *
 * @module
 */
import { basename, dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Experiment } from "../experiment/experiment.ts";
import { atomicWrite } from "../files/atomic_write.ts";
import { findDataFolder } from "../files/data_folder.ts";
import { userFolder, userPath } from "../files/user_path.ts";
import { checkTypes } from "../project/check_types.ts";
import { tableFolder } from "../project/find_tables.ts";
import { identify, projectRoot } from "../project/identify.ts";
import { commonFolder } from "../project/labels.ts";
import { page } from "../report/page.ts";
import { readRuns, type RunReading } from "../report/read_runs.ts";
import type { Report } from "../report/report.ts";
import { idOfRun, runIds, specOf } from "../run/run_ids.ts";
import { filledTables } from "../tables/filled_tables.ts";
import { tableMarkdown } from "../tables/formats/markdown_tables.ts";
import { exitAtOnce } from "../tensorflow/library/load.ts";
import { runCommand } from "../terminal/command.ts";
import { helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { Interruption } from "../terminal/interruption.ts";
import { status } from "../terminal/status.ts";
import { Failure } from "../values/failure.ts";
import { choosePrecision, ENGINE_FLAGS } from "./engine_flags.ts";
import { namedExperiments, namesModule } from "./named_experiments.ts";

const FLAGS = {
  "out": { type: "string", help: "file to write. Default: report.html beside the experiments" },
  "seed": { type: "integer", least: 0, help: "seed of the runs. Default: every one" },
  "logs-only": {
    type: "boolean",
    help: "read results and logs, and examine no weights on test images",
  },
  ...ENGINE_FLAGS,
} as const satisfies Spec;

/**
 * Writes a page of the experiments that the arguments name, `module.ts`, `module.ts#name`, a run's
 * folder or a folder of tables, whose tables are then on it, and prints its path. Default: all
 * experiments of the project around `within` that have a run. `check` checks the types of the
 * modules. Rejects with a `Failure` that has the exit code, also if there is nothing to show.
 */
export async function runReport(
  args: readonly string[],
  print: (line: string) => void = console.log,
  within: string = userFolder(),
  check: (modules: readonly string[]) => Promise<void> = checkTypes,
): Promise<void> {
  const { _: names, out, help, ...options } = parseFlags(args, FLAGS);
  if (help) return print(helpText("deno task report [module.ts[#name] | folder]…", FLAGS));
  const progress = status();
  // Nothing is there to save.
  using _ = new Interruption(() => {
    progress.close();
    console.error("interrupted: no page is written");
    exitAtOnce(130);
  });
  const subject = await readSubject(names, within, check, progress.line);
  const report = await readReport(subject, {
    data: findDataFolder(options.data),
    status: progress,
    examine: !options["logs-only"],
    seed: options.seed,
    evalBatch: options["eval-batch"],
    precision: await choosePrecision(options, progress.line),
    backend: options.backend ?? "tensorflow",
    threads: options.threads,
  });
  const path = out === undefined ? join(subject.folder, "report.html") : userPath(out);
  await Deno.mkdir(dirname(path), { recursive: true });
  await atomicWrite(path, (await page(report)).html);
  print(relative(Deno.cwd(), path));
}

/** What a page is about. */
interface Subject {
  readonly experiments: readonly Experiment[];
  /** The folders whose tables are shown. */
  readonly tables: readonly string[];
  /** The folder that all of it is in. */
  readonly folder: string;
}

/** Finds what the arguments name. Rejects with a `Failure` (exit 2) that lists what exists. */
async function readSubject(
  names: readonly string[],
  within: string,
  check: (modules: readonly string[]) => Promise<void>,
  log: (line: string) => void,
): Promise<Subject> {
  const root = projectRoot(pathToFileURL(resolve(within, "report.ts")).href);
  if (names.length > 0) {
    const specs = names.map((name) => specOfRun(root, name) ?? name);
    const experiments = await namedExperiments(specs, within, check);
    const tables = specs.filter((spec) => !namesModule(spec)).map((spec) =>
      tableFolder(spec, within)
    );
    const folder = commonFolder(await Promise.all(experiments.map(identify)));
    return { experiments, tables, folder };
  }
  const experiments: Experiment[] = [];
  for (const id of runIds(root)) {
    try {
      experiments.push(...await namedExperiments([join(root, specOf(id))], within, check));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      log(`${id} left out: ${error.message}`);
    }
  }
  return { experiments, tables: [], folder: root };
}

/** The argument that names the experiment of a run's folder. `undefined` for any other path. */
function specOfRun(root: string, path: string): string | undefined {
  const id = idOfRun(root, path);
  return id === undefined ? undefined : join(root, specOf(id));
}

/** Reads tables and runs. Rejects with a `Failure` (exit 3) if there are neither. */
async function readReport(
  { experiments, tables, folder }: Subject,
  reading: RunReading,
): Promise<Report> {
  const runs = await readRuns(experiments, reading);
  const filled = await Promise.all(tables.map(filledTables));
  if (runs.length === 0 && filled.length === 0) {
    throw new Failure(3, "no run is here yet: `deno task exp <module.ts>` trains one");
  }
  const title = filled.length === 1 ? filled[0].title : `Runs of ${basename(folder)}`;
  return { title, tables: filled.flatMap(({ tables }) => tables.map(tableMarkdown)), runs };
}

if (import.meta.main) await runCommand(() => runReport(Deno.args));
