/**
 * What was measured: one JSON file per experiment, beside its module or in a folder of the module's
 * name, one entry per trial.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { atomicWrite, cannotWrite } from "../files/atomic_write.ts";
import type { Score } from "../tasks/task.ts";
import { Failure } from "../values/failure.ts";
import {
  accepting,
  arrayOf,
  boolean,
  count,
  nullable,
  number,
  oneOf,
  optional,
  percent,
  readAs,
  type Reader,
  recordOf,
  strictObject,
  text,
} from "../values/reader.ts";
import { type Metric, readMetric } from "./metric.ts";

/** The weights that taught in a trial. */
export type TeacherRecord = {
  /**
   * The id of the experiment that trained them; of those that came from elsewhere the network's and
   * their file's name, `vgg13:a.pth`.
   */
  readonly id: string;
  /** Its seed; `null` where they came from elsewhere. */
  readonly seed: number | null;
  /** The SHA-256 of the file of weights, in hexadecimal digits. */
  readonly sha256: string;
  /** What they reach on the test set, by measure. */
  readonly score: Score;
};

/** One run of an experiment, from one seed. */
export type Trial = {
  /** What its random numbers started from. */
  readonly seed: number;
  /** The hash of what was declared when it ran; see `declarationHash`. */
  readonly declaration: string;
  /** How many epochs it trained. */
  readonly epochs: number;
  /** What it reached. */
  readonly metric: Metric;
  /**
   * The epoch that is best by the primary measure, counted from 1: on the hold-out if there is one,
   * else on the test set.
   */
  readonly bestEpoch: number;
  /** What taught it, in order. */
  readonly teachers: readonly TeacherRecord[];
  /** What the step calculated in. */
  readonly precision: "float32" | "bfloat16";
  /** What ran it, e.g. `tensorflow` or `cpu`. */
  readonly backend: string;
  /** TensorFlow's version; `null` where it was not used. */
  readonly tensorflow: string | null;
  /** How many training images were held out; `null` for none. */
  readonly holdout: number | null;
  /** Seconds of its epochs in all, evaluation and the tracing of its step included. */
  readonly seconds: number;
  /**
   * Seconds of one training step, reading its batch included: the mean over those of the fastest
   * epoch, which tracing and whatever else the machine does slowed down least. An epoch that was
   * interrupted does not count; absent where there is no other, and in older results.
   */
  readonly stepSeconds?: number;
  /** The git commit it ran at; `null` outside a repository. */
  readonly commit: string | null;
  /** Whether it ran with other epochs or fewer batches than declared. */
  readonly quick: boolean;
};

/** Everything measured of one experiment. */
export interface Result {
  /** Its id. */
  readonly experiment: string;
  /** Its trials by ascending seed, one of each. */
  readonly trials: readonly Trial[];
}

/** What a trial is worth: only a measured one counts. */
export type TrialState = "measured" | "quick" | "stale";

/**
 * What a trial is worth for an experiment with this hash: quick where it was cut short, stale where
 * the declaration has changed since.
 */
export function trialState(trial: Trial, hash: string): TrialState {
  return trial.quick ? "quick" : trial.declaration === hash ? "measured" : "stale";
}

/**
 * Where an experiment's result is in the project `root`: that of a module's default export beside
 * the module, those of its other experiments in a folder of the module's name.
 */
export function resultPath(root: string, id: string): string {
  return join(root, `${placeOf(id)}.json`);
}

/** The path of a result without `.json`, from the project's folder. */
function placeOf(id: string): string {
  return id.replace(/#(?=[^#]*$)/, "/");
}

/**
 * Where the result at `path` was before modules had folders of results; `undefined` for a default
 * export.
 */
function formerPath(path: string, id: string): string | undefined {
  return id.includes("#") ? `${dirname(path)}#${basename(path)}` : undefined;
}

/**
 * The result of the experiment `id` at its `path`, or where it was before modules had folders of
 * results; `undefined` where there is none. Rejects with a `Failure` (exit 3) that names the file
 * where it is malformed or names another experiment, or where there are two.
 */
export async function readResult(path: string, id: string): Promise<Result | undefined> {
  const former = formerPath(path, id);
  const present = await readFile(path, id);
  const old = former === undefined ? undefined : await readFile(former, id);
  if (present && old) {
    throw new Failure(
      3,
      `${id} has two results, ${path} and, where it was before, ${former}: put the trials of the second into the first, ` +
        "and remove the second",
    );
  }
  // Between the two reads another process may have moved the file.
  return present ?? old ?? (former === undefined ? undefined : await readFile(path, id));
}

/** The result of the experiment `id` in a file; `undefined` where there is no such file. */
async function readFile(path: string, id: string): Promise<Result | undefined> {
  let json: string;
  try {
    json = await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new Failure(3, `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
  const refuse = (problem: string) =>
    new Failure(
      3,
      `${path} is no result: ${problem}; mend it, or remove it and run the experiment again`,
    );
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw refuse((error as Error).message);
  }
  const read = readAs(value, result, refuse);
  const seeds = read.trials.map(({ seed }) => seed);
  const twice = seeds.find((seed, i) => seeds.indexOf(seed) < i);
  if (twice !== undefined) throw refuse(`seed ${twice} is there twice`);
  if (read.experiment !== id) throw another(path, read.experiment, id);
  return read;
}

/** The failure of a file that names another experiment than the one whose result belongs there. */
function another(path: string, named: string, id: string): Failure {
  if (placeOf(named) === placeOf(id)) {
    return new Failure(
      3,
      `${path} has the result of ${named}, and that of ${id} belongs there too: rename the module or the export of one of them`,
    );
  }
  return new Failure(
    3,
    `${path} names the experiment ${named}, but lies where the result of ${id} belongs: move it to ` +
      `${placeOf(named)}.json, or, if the experiment was renamed, write ${id} into it`,
  );
}

/**
 * Puts a trial into the result of an experiment at its `path`, in place of the one with its seed; a
 * quick trial never replaces a full one of the same declaration. A file that lies where results
 * were before is moved first. Safe with several processes. Gives what the file then holds; rejects
 * with a `Failure` (exit 3) where the file is malformed, names another experiment or cannot be
 * written.
 */
export async function recordTrial(path: string, experiment: string, trial: Trial): Promise<Result> {
  using _lock = await lock(path);
  await moveFormer(path, experiment);
  const { trials } = await readResult(path, experiment) ?? { trials: [] };
  const kept = trials.filter(({ seed }) => seed !== trial.seed);
  const old = trials.find(({ seed }) => seed === trial.seed);
  const stands = old && !old.quick && trial.quick && old.declaration === trial.declaration;
  const next = {
    experiment,
    trials: [...kept, stands ? old : trial].sort((a, b) => a.seed - b.seed),
  };
  const ordered = readAs(
    next,
    result,
    (problem) => new TypeError(`cannot record seed ${trial.seed} of ${experiment}: ${problem}`),
  );
  await atomicWrite(path, `${JSON.stringify(ordered, null, 2)}\n`);
  return ordered;
}

/**
 * Moves the result of an experiment from where it was before to its `path`, if nothing is there.
 */
async function moveFormer(path: string, id: string): Promise<void> {
  const former = formerPath(path, id);
  if (former === undefined || existsSync(path) || !existsSync(former)) return;
  await Deno.rename(former, path).catch((cause) => {
    throw cannotWrite(path, cause);
  });
}

/**
 * Makes the folder of a result where it is missing, and waits until no other process records into
 * it.
 */
async function lock(path: string): Promise<Deno.FsFile> {
  const folder = dirname(path);
  const file = await Deno.mkdir(folder, { recursive: true }).then(() => Deno.open(folder)).catch(
    (cause) => {
      throw cannotWrite(path, cause);
    },
  );
  // Some network file systems cannot lock a folder; a result must not be lost over that.
  await file.lock(true).catch(() => {});
  return file;
}

const digest = accepting(
  "a SHA-256 in hexadecimal digits",
  (value): value is string => /^[0-9a-f]{64}$/.test(String(value)),
);

const identity = { id: text, seed: nullable(count), sha256: digest };
const scored = strictObject<TeacherRecord>({ ...identity, score: recordOf(number) });
const ofTop1 = strictObject<Omit<TeacherRecord, "score"> & { readonly top1: number }>({
  ...identity,
  top1: percent,
});

/** A teacher's record; files from before tasks have its top-1 in place of its score. */
const teacher: Reader<TeacherRecord> = (value, at, or) => {
  if (!Object.hasOwn(Object(value), "top1")) return scored(value, at, or);
  const { top1, ...before } = ofTop1(value, at, or);
  return { ...before, score: { top1 } };
};

/** A trial, its members in the order in which they are written. */
export const trialReader: Reader<Trial> = strictObject<Trial>({
  seed: count,
  declaration: digest,
  epochs: count,
  metric: readMetric,
  bestEpoch: count,
  teachers: arrayOf(teacher),
  precision: oneOf("float32", "bfloat16"),
  backend: text,
  tensorflow: nullable(text),
  holdout: nullable(count),
  seconds: number,
  stepSeconds: optional(number),
  commit: nullable(text),
  quick: boolean,
});

/** A result, its members in the order in which they are written. */
const result: Reader<Result> = strictObject<Result>({
  experiment: text,
  trials: arrayOf(trialReader),
});
