/** Experiments that train in a second or less, in a project of their own, and ways to run them. */
import { join } from "node:path";
import { loadExperiments } from "../../lib/project/identify.ts";
import type { Experiment } from "../../lib/experiment/experiment.ts";
import type { RequestedTrial } from "../../lib/run/queue.ts";
import { runTrials } from "../../lib/run/run.ts";
import type { Trial } from "../../lib/project/result.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { status } from "../../lib/terminal/status.ts";
import { project } from "./toy_project.ts";

/** The program that runs the toy experiments. */
export const EXP = new URL("unchecked_exp.ts", import.meta.url).pathname;

const here = (path: string): string => new URL(`../../${path}`, import.meta.url).href;

/**
 * The head of the toy module: 64 images in 4 batches per epoch, 3 epochs, networks with a few
 * hundred parameters.
 */
const IMPORTS = `import { synthetic } from "${here("datasets/synthetic.ts")}";
import { imageFolder } from "${here("datasets/image_folder.ts")}";
import * as retort from "${here("mod.ts")}";
import { large, small, toy } from "${here("tests/support/toy.ts")}";
const { experiment, fitnets, from, kd, scratch, sgd } = retort;
const images = { size: 8, train: 64, test: 32, classes: 5 };
const dataset = synthetic(images);
const schedule = sgd({ epochs: 3, batch: 16, lr: 0.05, drops: { at: [2], by: 0.1 } });
void [imageFolder, fitnets, kd, from, large, small, toy, dataset, schedule, scratch];
`;

/** A teacher and its student. */
export const PAIR = `
export const teacher = experiment(import.meta, { dataset, schedule, student: large, distiller: scratch() });
export const student = experiment(import.meta, { dataset, schedule, teacher: from(teacher), student: small, distiller: kd() });
`;

/** A student whose weights are averaged, and one whose weights are not. */
export const AVERAGED = `
const averaging = sgd({ epochs: 3, batch: 16, lr: 0.05, ema: 0.7 });
export const averaged = experiment(import.meta, { dataset, schedule: averaging, student: small, distiller: scratch() });
export const plain = experiment(import.meta, { dataset, schedule, student: small, distiller: scratch() });
`;

/** How often a run looks for an interruption before the first step of a cohort. */
export const LOOKS = 2;

/** The results of a process. */
export interface Ended {
  /** The exit code. */
  readonly code: number;
  /** The standard output. */
  readonly out: string;
  /** The standard error. */
  readonly err: string;
}

/** A project with one module, `toy.ts`. */
export interface Toys {
  /** The project's folder. */
  readonly folder: string;
  /** Returns the status lines since the last call. */
  said(): string;
  /** The path of a file in the project. */
  path(...names: string[]): string;
  /** The path of a file in a run's folder. */
  of(name: string, seed: number, ...names: string[]): string;
  /** One of the module's experiments. */
  experiment(name: string): Promise<Experiment>;
  /** The settings of a run, with `other` in place of the defaults. */
  settings(other?: Partial<Settings>): Settings;
  /** Runs an experiment in this process. */
  run(name: string, seed?: number, other?: Partial<Settings>): Promise<Trial>;
  /** Reads the lines of a run's log. */
  log(name: string, seed?: number): Promise<Record<string, number>[]>;
  /** Starts `exp`, without its type check, in the project's folder, in a process of its own. */
  start(args: readonly string[], env?: Record<string, string>): Deno.ChildProcess;
  /** Runs `exp` to its end. */
  command(args: readonly string[], env?: Record<string, string>): Promise<Ended>;
}

/**
 * Makes a project whose module declares these experiments, and removes it after `use`. `settings`
 * are the defaults of runs in this process. A process has one setting of `threads` and of
 * `deterministic`, and so has a test file.
 */
export function toys(
  declared: string,
  use: (toys: Toys) => Promise<void>,
  settings: Partial<Settings> = {},
): Promise<void> {
  return project({ "toy.ts": IMPORTS + declared }, (folder) => use(at(folder, settings)));
}

/** Writes the module of such a project into an existing folder. */
export async function toysIn(
  folder: string,
  declared: string,
  settings: Partial<Settings> = {},
): Promise<Toys> {
  await Deno.writeTextFile(join(folder, "deno.json"), "{}");
  await Deno.writeTextFile(join(folder, "toy.ts"), IMPORTS + declared);
  return at(folder, settings);
}

/** Waits for the end of a process. */
export async function ended(child: Deno.ChildProcess): Promise<Ended> {
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

function at(folder: string, defaults: Partial<Settings>): Toys {
  const lines: string[] = [];
  const path = (...names: string[]) => join(folder, ...names);
  const of = (name: string, seed: number, ...names: string[]) =>
    path("runs", `toy#${name}`, `seed-${seed}`, ...names);
  const collected = status({ terminal: false, quiet: false, write: (text) => lines.push(text) });
  const settings = (other: Partial<Settings> = {}): Settings => ({
    data: path("data"),
    fresh: false,
    status: collected,
    interrupted: () => false,
    ...defaults,
    ...other,
  });
  const experiment = async (name: string) =>
    (await loadExperiments(path(`toy.ts#${name}`)))[0].experiment;
  const start = (args: readonly string[], env: Record<string, string> = {}) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", EXP, ...args],
      cwd: folder,
      env: { RETORT_DATA: path("data"), ...env },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  return {
    folder,
    said: () => lines.splice(0).join(""),
    path,
    of,
    experiment,
    settings,
    run: async (name, seed = 1, other = {}) =>
      (await runTrials([{ experiment: await experiment(name), seed }], settings(other)))[0].trial,
    async log(name, seed = 1) {
      const text = await Deno.readTextFile(of(name, seed, "metrics.jsonl"));
      return text.trimEnd().split("\n").map((line) => JSON.parse(line));
    },
    start,
    command: (args, env) => ended(start(args, env)),
  };
}

/** Makes trials from the names of experiments. */
export function trialsOf(
  toys: Toys,
  ...trials: readonly [name: string, seed: number][]
): Promise<RequestedTrial[]> {
  return Promise.all(
    trials.map(async ([name, seed]) => ({ experiment: await toys.experiment(name), seed })),
  );
}
