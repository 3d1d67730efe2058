/**
 * `deno task report [experiments…]`: writes a page of tables and runs.
 *
 * @module
 */
import { basename, dirname, join, relative, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Experiment } from "../experiment/experiment.ts";
import { atomicWrite } from "../files/atomic_write.ts";
import { makeFolder } from "../files/make_folder.ts";
import { userFolder, userPath } from "../files/user_path.ts";
import { checkTypes } from "../project/check_types.ts";
import { tableFolder } from "../project/find_tables.ts";
import { identify, namesModule, projectRoot, rootAround } from "../project/identify.ts";
import { commonFolder } from "../project/labels.ts";
import { LiveRuns } from "../report/live_runs.ts";
import { page } from "../report/page.ts";
import { readRuns, type RunReading } from "../report/read_runs.ts";
import type { Report, ReportedRun } from "../report/report.ts";
import { EVENTS_PATH, randomToken, serve, type Serving } from "../report/serve.ts";
import { runFolders, runIds, specOf } from "../run/run_ids.ts";
import { filledTables } from "../tables/filled_tables.ts";
import { tableMarkdown } from "../tables/formats/markdown_tables.ts";
import { exitAtOnce } from "../tensorflow/library/load.ts";
import { runCommand } from "../terminal/command.ts";
import { type Flags, helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { Interruption } from "../terminal/interruption.ts";
import { status } from "../terminal/status.ts";
import { Failure } from "../values/failure.ts";
import { ENGINE_FLAGS, subjectOptions } from "./engine_flags.ts";
import { namedExperiments, runArgument } from "./named_experiments.ts";

const FLAGS = {
  "out": { type: "string", help: "file to write. Default: report.html beside the experiments" },
  "seed": { type: "integer", least: 0, help: "only runs with this seed. Default: all" },
  "logs-only": {
    type: "boolean",
    help: "read results and logs, and examine no weights on test images",
  },
  "serve": {
    type: "boolean",
    help:
      "serve the page to this machine, and follow the logs of runs until Ctrl-C; no weights are examined",
  },
  "port": { type: "integer", least: 0, help: "port of --serve; 0: any free one. Default: 0" },
  "no-token": {
    type: "boolean",
    help: "serve at an address that can be guessed: without the random part of its path",
  },
  ...ENGINE_FLAGS,
} as const satisfies Spec;

const USAGE = "deno task report [module.ts[#name] | folder of tables | run's folder]…";

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
  check: typeof checkTypes = checkTypes,
): Promise<void> {
  const { _: names, out, help, serve: isServed, ...options } = parseFlags(args, FLAGS);
  if (help) return print(helpText(USAGE, FLAGS));
  checkFlags({ out, serve: isServed, ...options });
  if (out !== undefined) await refuseFolder(out);
  const progress = status();
  const stop = new AbortController();
  // Nothing is there to save.
  using _ = new Interruption(() => {
    progress.close();
    if (isServed) return stop.abort();
    console.error("interrupted: no page is written");
    exitAtOnce(130);
  });
  const subjectOf = (check: typeof checkTypes) => readSubject(names, within, check, progress.line);
  const subject = await subjectOf(check);
  const reading: RunReading = {
    ...await subjectOptions(options, progress),
    examine: !options["logs-only"] && !isServed,
    awaited: isServed,
    seed: options.seed,
  };
  const shown = await show(subject, reading);
  if (isServed) {
    const { port = 0, "no-token": isOpen } = options;
    const token = isOpen ? undefined : randomToken();
    // What trains a run has checked its types.
    const renew = async () => show(await subjectOf(async () => {}), reading);
    const address = { port, token, signal: stop.signal, listening: print };
    return await serveRuns(shown, renew, address);
  }
  const { runs } = shown;
  const path = out === undefined ? join(subject.folder, "report.html") : userPath(out);
  if (runs.length === 0 && options.seed !== undefined && subject.experiments.length > 0) {
    const way = `\`deno task exp <module.ts> --seed ${options.seed}\` trains one`;
    throw new Failure(3, `none of these has a run with seed ${options.seed}: ${way}`);
  }
  const { html } = await page(await readReport(shown));
  await makeFolder(dirname(path));
  await atomicWrite(path, html);
  print(relative(Deno.cwd(), path));
}

/** Throws a `Failure` (exit 2) for a flag that is of no use with the others. */
function checkFlags({ out, serve, port, "no-token": isOpen }: Partial<Flags<typeof FLAGS>>): void {
  if (serve && out !== undefined) {
    throw new Failure(2, "--serve writes no file, so --out is of no use: leave one of them out");
  }
  const served = port !== undefined ? "--port" : isOpen ? "--no-token" : undefined;
  if (!serve && served) throw new Failure(2, `${served} needs --serve`);
  if (port !== undefined && port > 65535) throw new Failure(2, `--port ${port}: the last is 65535`);
}

/** Rejects with a `Failure` (exit 2) if the file to write is a folder. */
async function refuseFolder(out: string): Promise<void> {
  const isFolder = await Deno.stat(userPath(out)).then((info) => info.isDirectory, () => false);
  if (!isFolder) return;
  throw new Failure(
    2,
    `--out ${out} is a folder: name a file, such as ${join(out, "report.html")}`,
  );
}

/** How often logs are looked at, in milliseconds. */
const PERIOD = 1000;

/** Every how many looks runs that began are looked for, which reads the folders of all runs. */
const LOOKS = 5;

/**
 * Serves the page of runs and follows their logs, until the signal. Once other runs have begun, it
 * is renewed. Rejects with a `Failure`: exit 2 if it cannot have the port, exit 3 if a log is
 * damaged.
 */
async function serveRuns(
  first: Shown,
  renew: () => Promise<Shown>,
  address: Pick<Serving, "port" | "token" | "signal" | "listening">,
): Promise<void> {
  let { subject } = first;
  await readReport(first);
  const live = new LiveRuns(first.runs);
  const end = new AbortController();
  const signal = AbortSignal.any([address.signal, end.signal]);
  const current = async () => {
    const { runs, last } = live.snapshot();
    return await page(await readReport({ subject, runs }), { events: EVENTS_PATH, after: last });
  };
  const follow = async () => {
    let known: string | undefined;
    for (let look = 0; !signal.aborted; look++) {
      live.look();
      const now = look % LOOKS === 0 ? begun(subject) : known;
      if (now !== known) {
        const shown = await renew();
        subject = shown.subject;
        live.replace(shown.runs);
        known = now;
      }
      await setTimeout(PERIOD, undefined, { signal }).catch(() => {});
    }
  };
  const served = serve({ ...address, signal, runs: live, page: current });
  try {
    await Promise.race([served, follow()]);
  } finally {
    end.abort();
    await served;
  }
}

/** Names all runs that have begun in the projects of a page. */
function begun({ root, experiments }: Subject): string {
  const roots = new Set([root, ...experiments.map(({ url }) => projectRoot(url))]);
  return [...roots].flatMap(runFolders).join("\n");
}

/** What a page is about. */
interface Subject {
  /** The project of the folder in which the command runs. */
  readonly root: string;
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
  check: typeof checkTypes,
  log: (line: string) => void,
): Promise<Subject> {
  const root = rootAround(resolve(within));
  if (names.length > 0) {
    const specs = names.map((name) => runArgument(name)?.spec ?? name);
    const experiments = await namedExperiments(specs, within, check);
    const tables = specs.filter((spec) => !namesModule(spec)).map((spec) =>
      tableFolder(spec, within)
    );
    const identities = await Promise.all(experiments.map(identify));
    // Tables may have no experiment yet.
    const folder = identities.length > 0 ? commonFolder(identities) : tables[0];
    return { root, experiments, tables, folder };
  }
  const specs = runIds(root).map((id) => join(root, specOf(id)));
  const experiments = await namedExperiments(specs, within, check).catch((error) => {
    if (error instanceof Failure) return readEach(specs, within, check, log);
    throw error;
  });
  return { root, experiments, tables: [], folder: root };
}

/** Loads experiments one by one, and says which of them fail. */
async function readEach(
  specs: readonly string[],
  within: string,
  check: typeof checkTypes,
  log: (line: string) => void,
): Promise<Experiment[]> {
  const experiments: Experiment[] = [];
  for (const spec of specs) {
    try {
      experiments.push(...await namedExperiments([spec], within, check));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      log(`${spec} left out: ${error.message}`);
    }
  }
  return experiments;
}

/** The runs of what a page is about. */
interface Shown {
  readonly subject: Subject;
  readonly runs: readonly ReportedRun[];
}

async function show(subject: Subject, reading: RunReading): Promise<Shown> {
  return { subject, runs: await readRuns(subject.experiments, reading) };
}

/** Joins tables and runs. Rejects with a `Failure` (exit 3) if there are neither. */
async function readReport({ subject: { tables, folder }, runs }: Shown): Promise<Report> {
  const filled = await Promise.all(tables.map(filledTables));
  if (runs.length === 0 && filled.length === 0) {
    throw new Failure(3, "no run is here yet: `deno task exp <module.ts>` trains one");
  }
  const title = filled.length === 1 ? filled[0].title : `Runs of ${basename(folder)}`;
  return { title, tables: filled.flatMap(({ tables }) => tables.map(tableMarkdown)), runs };
}

if (import.meta.main) await runCommand(() => runReport(Deno.args));
