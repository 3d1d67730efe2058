/**
 * The results: one JSON file per experiment, beside its module or in a folder of the module's name,
 * with one entry per trial.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  atomicWrite,
  ignoreAbsence,
  removeUnfinished,
  writeFailure,
} from "../files/atomic_write.ts";
import { Leases } from "../files/lease.ts";
import type { Score } from "../tasks/task.ts";
import { Failure, systemMessageOf } from "../values/failure.ts";
import {
  arrayOf,
  boolean,
  count,
  createReader,
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
import type { OwnCode } from "./own_code.ts";

/** The weights that taught in a trial. */
export type TeacherRecord = {
  /**
   * The id of the experiment that trained them. For weights from elsewhere, the names of the
   * network and of the file: `vgg13:a.pth`.
   */
  readonly id: string;
  /** The seed of the trial that trained them; `null` for weights from elsewhere. */
  readonly seed: number | null;
  /** The SHA-256 of the file of weights, in hexadecimal digits. */
  readonly sha256: string;
  /** Their score on the test set. */
  readonly score: Score;
};

/** The name of a teacher in lines for the user. */
export function teacherTitle({ id, seed }: Pick<TeacherRecord, "id" | "seed">): string {
  return seed === null ? id : `${id} seed ${seed}`;
}

/** One run of an experiment, from one seed. */
export type Trial = {
  /** The seed of all random numbers. */
  readonly seed: number;
  /** The hash of the declaration when the trial ran; see `declarationHash`. */
  readonly declaration: string;
  /** The number of epochs. */
  readonly epochs: number;
  readonly metric: Metric;
  /**
   * The epoch that is best by the primary measure, counted from 1: on the hold-out if there is one,
   * else on the test set.
   */
  readonly bestEpoch: number;
  /** The teachers, in order. */
  readonly teachers: readonly TeacherRecord[];
  /** The precision of the step. */
  readonly precision: "float32" | "bfloat16";
  /** The backend, e.g. `tensorflow` or `cpu`. */
  readonly backend: string;
  /** TensorFlow's version; `null` if it was not used. */
  readonly tensorflow: string | null;
  /** The number of training images held out; `null` for none. */
  readonly holdout: number | null;
  /**
   * A digest of the data set's classes, labels and contents; see `Fingerprint`. `undefined` in older
   * results.
   */
  readonly data?: string;
  /** Seconds of all epochs, with evaluations and tracing; in a cohort, the trial's share. */
  readonly seconds: number;
  /**
   * Seconds of one training step, including reading its batch; in a cohort, the trial's share. It is
   * the mean over the steps of the fastest epoch, which tracing and other work of the machine slowed
   * down least. Interrupted epochs do not count. `undefined` if there is no other, and in older
   * results.
   */
  readonly stepSeconds?: number;
  /**
   * The number of workers that shared each batch, the most at any time. `undefined` for one. The
   * statistics of norms are those of the first worker's part, unless `syncNorm` says otherwise.
   */
  readonly workers?: number;
  /** Whether norms used the statistics of the whole batch. `undefined`: they did not, or one worker. */
  readonly syncNorm?: boolean;
  /** The git commit of the project; `null` outside a repository. */
  readonly commit: string | null;
  /**
   * The user's own code that it ran, or that was accepted in place of that since. `undefined` in
   * older results, which are accepted as they are.
   */
  readonly code?: OwnCode;
  /** Whether it ran with another number of epochs or fewer batches than declared. */
  readonly quick: boolean;
};

/** The engine of a trial in lines for the user. */
export function engineTitle({ backend, tensorflow }: Trial): string {
  return tensorflow ? `TensorFlow ${tensorflow}` : `the ${backend} backend`;
}

/** All trials of one experiment. */
export interface Result {
  /** The experiment's id. */
  readonly experiment: string;
  /** The trials by ascending seed, one for each. */
  readonly trials: readonly Trial[];
}

/** The state of a trial. Only a measured one counts. */
export type TrialState = "measured" | "quick" | "stale";

/**
 * The state of a trial for an experiment with this hash: quick if the run was quick, stale if the
 * declaration has changed since.
 */
export function trialState(trial: Trial, hash: string): TrialState {
  return trial.quick ? "quick" : trial.declaration === hash ? "measured" : "stale";
}

/**
 * The path of an experiment's result in the project `root`. The result of a module's default export
 * is beside the module, those of its other experiments are in a folder of the module's name.
 */
export function resultPath(root: string, id: string): string {
  return join(root, `${placeOf(id)}.json`);
}

/** The path of a result without `.json`, from the project's folder. */
function placeOf(id: string): string {
  return id.replace(/#(?=[^#]*$)/, "/");
}

/**
 * The path of the result at `path` before modules had folders of results. `undefined` for a default
 * export.
 */
function formerPath(path: string, id: string): string | undefined {
  return id.includes("#") ? `${dirname(path)}#${basename(path)}` : undefined;
}

/**
 * Reads the result of the experiment `id` at its `path`, or at its path before modules had folders
 * of results. `undefined` if there is none. Rejects with a `Failure` (exit 3) that names the file
 * if it is malformed or names another experiment, or if there are two.
 */
export async function readResult(path: string, id: string): Promise<Result | undefined> {
  const former = formerPath(path, id);
  const present = await readFile(path, id);
  const old = former === undefined ? undefined : await readFile(former, id);
  if (present && old) {
    throw new Failure(
      3,
      `${id} has two results, ${path} and, where it was before, ${former}: ` +
        "move the trials of the second into the first, and remove the second",
    );
  }
  // Another process may have moved the file between the two reads.
  return present ?? old ?? (former === undefined ? undefined : await readFile(path, id));
}

/** Reads the result of the experiment `id` in a file. `undefined` if there is no such file. */
async function readFile(path: string, id: string): Promise<Result | undefined> {
  let json: string;
  try {
    json = await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new Failure(3, `cannot read ${path}: ${systemMessageOf(cause)}`, { cause });
  }
  const refuse = (problem: string) =>
    new Failure(
      3,
      `${path} is not a result: ${problem}; mend it, or remove it and run the experiment again`,
    );
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw refuse((error as Error).message);
  }
  const read = readAs(value, result, refuse);
  const seeds = read.trials.map(({ seed }) => seed);
  const duplicate = seeds.find((seed, i) => seeds.indexOf(seed) < i);
  if (duplicate !== undefined) throw refuse(`seed ${duplicate} is there twice`);
  if (read.experiment !== id) throw misplacedResult(path, read.experiment, id);
  return read;
}

/** The failure of a file that names another experiment than the one that its path belongs to. */
export function misplacedResult(path: string, named: string, id: string): Failure {
  if (placeOf(named) === placeOf(id)) {
    return new Failure(
      3,
      `${path} has the result of ${named}, and that of ${id} belongs there too: ` +
        "rename the module or the export of one of them",
    );
  }
  return new Failure(
    3,
    `${path} names the experiment ${named}, but the result of ${id} belongs there: move it to ` +
      `${placeOf(named)}.json, or, if the experiment was renamed, write ${id} into it`,
  );
}

/**
 * Records a trial in the result of an experiment at its `path` and returns the new result. The
 * trial replaces the one with its seed, but a quick trial never replaces a full one of the same
 * declaration. A file at the former path is moved first. Safe with several processes on several
 * machines: each holds the lease `<path>.lock` meanwhile, and `say` receives a line if another one
 * holds it for long. Writes nothing if the trial is there already. Rejects with a `Failure` (exit 3)
 * if the file is malformed, names another experiment or cannot be written.
 */
export async function recordTrial(
  path: string,
  experiment: string,
  trial: Trial,
  say?: (line: string) => void,
): Promise<Result> {
  const present = existsSync(path) ? await readResult(path, experiment) : undefined;
  if (present?.trials.some((one) => isDeepStrictEqual(one, trial))) {
    // The process that wrote it may have been killed before it released its lease.
    new Leases().clear(lockOf(path));
    return present;
  }
  using lock = await new Leases().wait(lockOf(path), say);
  await removeUnfinished(dirname(path), `${basename(path)}.`);
  await moveFormer(path, experiment);
  const { trials } = await readResult(path, experiment) ?? { trials: [] };
  const others = trials.filter(({ seed }) => seed !== trial.seed);
  const old = trials.find(({ seed }) => seed === trial.seed);
  const keepsOld = old && !old.quick && trial.quick && old.declaration === trial.declaration;
  const next = {
    experiment,
    trials: [...others, keepsOld ? old : trial].sort((a, b) => a.seed - b.seed),
  };
  const ordered = readAs(
    next,
    result,
    (problem) => new TypeError(`cannot record seed ${trial.seed} of ${experiment}: ${problem}`),
  );
  // A process that stood still for minutes must not write what it read before.
  if (!lock.renew()) return await recordTrial(path, experiment, trial, say);
  await atomicWrite(path, `${JSON.stringify(ordered, null, 2)}\n`);
  return ordered;
}

/**
 * Records the trial of a run of the project `root` and returns the new result. A quick trial goes
 * into a file of its own, which the experiment's next full one removes. Rejects like `recordTrial`.
 */
export async function recordRun(
  root: string,
  id: string,
  trial: Trial,
  say?: (line: string) => void,
): Promise<Result> {
  const path = resultPath(root, id);
  if (trial.quick) return await recordTrial(quickPath(path), id, trial, say);
  const result = await recordTrial(path, id, trial, say);
  const quick = quickPath(path);
  if (existsSync(quick)) {
    // Another process that records a seed may have been faster.
    await Deno.remove(quick).catch(ignoreAbsence).catch((cause) => {
      throw writeFailure(quick, cause);
    });
  }
  return result;
}

/** Reads all trials of an experiment: the full ones, then the quick ones. Rejects like `readResult`. */
export async function readTrials(root: string, id: string): Promise<readonly Trial[]> {
  const path = resultPath(root, id);
  const files = await Promise.all([readResult(path, id), readResult(quickPath(path), id)]);
  return files.flatMap((result) => result?.trials ?? []);
}

/** The lease of a process that records into the result at `path`. */
const lockOf = (path: string): string => `${path}.lock`;

/** The leases of processes that record trials of an experiment: full ones, quick ones. */
export function resultLocks(root: string, id: string): readonly string[] {
  const path = resultPath(root, id);
  return [path, quickPath(path)].map(lockOf);
}

/** The path of the quick trials beside those of a result. */
function quickPath(path: string): string {
  return path.replace(/json$/, "quick.json");
}

/** Moves the result of an experiment from its former path to `path`, if nothing is there. */
async function moveFormer(path: string, id: string): Promise<void> {
  const former = formerPath(path, id);
  if (former === undefined || existsSync(path) || !existsSync(former)) return;
  await Deno.rename(former, path).catch((cause) => {
    throw writeFailure(path, cause);
  });
}

const digest = createReader(
  "a SHA-256 in hexadecimal digits",
  (value): value is string => /^[0-9a-f]{64}$/.test(String(value)),
);

/** Reads a fingerprint of code. */
export const readCode: Reader<OwnCode> = recordOf(digest);

const identity = { id: text, seed: nullable(count), sha256: digest };
const withScore = strictObject<TeacherRecord>({ ...identity, score: recordOf(number) });
const withTop1 = strictObject<Omit<TeacherRecord, "score"> & { readonly top1: number }>({
  ...identity,
  top1: percent,
});

/** Reads a teacher's record. Files from before tasks have its top-1 in place of its score. */
const teacher: Reader<TeacherRecord> = (value, at, or) => {
  if (!Object.hasOwn(Object(value), "top1")) return withScore(value, at, or);
  const { top1, ...rest } = withTop1(value, at, or);
  return { ...rest, score: { top1 } };
};

/** Reads a trial. Its members have the order in which they are written. */
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
  data: optional(text),
  seconds: number,
  stepSeconds: optional(number),
  workers: optional(count),
  syncNorm: optional(boolean),
  commit: nullable(text),
  code: optional(readCode),
  quick: boolean,
});

/** Reads a result. Its members have the order in which they are written. */
const result: Reader<Result> = strictObject<Result>({
  experiment: text,
  trials: arrayOf(trialReader),
});
