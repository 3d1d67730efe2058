/**
 * The files of a run, below `runs/<experiment id>/seed-<n>/`:
 *
 * - `declaration.json`: the declaration, the resolved models, versions and commit.
 * - `data.json`: what the run learns from: the classes, and what tells the images from others.
 * - `code.json`: the fingerprint of the user's own code that the run is of.
 * - `metrics.jsonl` and TensorBoard's event files: the log of each epoch.
 * - `latest.safetensors`: the whole state, from which the run can continue: after an epoch, before
 *   its evaluation, or within it.
 * - `best.safetensors`, `last.safetensors`, `epoch-<n>.safetensors`: the student's weights alone.
 * - `last.average.safetensors` and so on, one beside each of these: the moving average of the
 *   student's weights, if the schedule has one.
 * - `last.extras.safetensors` and so on, one beside each of these: the weights of modules that the
 *   method trains for others, if any.
 * - `last.evaluation/` and so on, one beside each file of weights: what `deno task eval` wrote about
 *   them, if the task makes files.
 * - `trial.json`: the result, once the run is done.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type DataFacts, readDataFacts } from "../data/fingerprint.ts";
import type { Epoch } from "../experiment/experiment.ts";
import { atomicWrite, removeUnfinished, writeFailure } from "../files/atomic_write.ts";
import { makeFolder } from "../files/make_folder.ts";
import type { OwnCode } from "../project/own_code.ts";
import { readCode, type Trial, trialReader } from "../project/result.ts";
import type { Score } from "../tasks/task.ts";
import { Failure, messageOf, systemMessageOf } from "../values/failure.ts";
import { canonical, type Json } from "../values/json.ts";
import {
  arrayOf,
  boolean,
  count,
  looseObject,
  nullable,
  number,
  oneOf,
  optional,
  readAs,
  type Reader,
  recordOf,
  text,
} from "../values/reader.ts";
import { sha256 } from "../values/sha256.ts";
import {
  type Checkpoint,
  FRESH_HINT,
  loadCheckpoint,
  saveCheckpoint,
} from "../weights/checkpoint.ts";
import type { Value } from "../weights/value.ts";
import { type EpochSums, readEpochSums } from "./epoch_sums.ts";
import { RUNS } from "./run_ids.ts";

/** The latest state of a run, and the path of its file. */
export type SavedState = Checkpoint & { readonly path: string; readonly progress: RunProgress };

/** The progress of a run. It is the metadata of `latest.safetensors`. */
export type RunProgress = {
  /** The hash of the declaration. */
  readonly declaration: string;
  readonly precision: "float32" | "bfloat16";
  readonly backend: string;
  /** The number of complete epochs. */
  readonly epoch: number;
  /** The number of batches done in the next epoch. */
  readonly batch: number;
  /** The number of steps done in all epochs. */
  readonly step: number;
  /** Sums over the images of the unfinished epoch. */
  readonly sums: EpochSums;
  /** The best epoch so far. */
  readonly best?: BestEpoch;
  /** The score of the last complete epoch on the test set. */
  readonly last?: Score;
  /** The score of that epoch on the hold-out. `undefined` if there is none. */
  readonly held?: Score;
  /** The score of the moving average after that epoch. `undefined` if there is none. */
  readonly average?: Score;
  /** The number of workers that shared each batch, the most at any time. `undefined` for one. */
  readonly workers?: number;
  /**
   * Whether norms always used the statistics of the whole batch when several workers shared it.
   * `undefined`: they did not, or one worker.
   */
  readonly syncNorm?: boolean;
  /**
   * Whether the method reads the number of epochs or of steps of the run. `undefined` in earlier
   * versions.
   */
  readonly readsLength?: boolean;
  /**
   * What it is made from. `undefined` if that has changed since it began, and in earlier versions.
   */
  readonly origin?: RunOrigin;
  /**
   * The SHA-256 of the weights of its teachers and first stages when it began, in order. `undefined`
   * in earlier versions.
   */
  readonly weights?: readonly (string | null)[];
  /** Seconds of training and evaluation. */
  readonly seconds: number;
  /**
   * The time of the steps that are done in the unfinished epoch. `undefined` if there are none, and
   * in earlier versions.
   */
  readonly spent?: StepsTime;
  /**
   * Seconds of a step in the fastest epoch so far; see `Trial`. `undefined` until an epoch was
   * trained without an interruption.
   */
  readonly stepSeconds?: number;
};

/** What a run is made from, beside its declaration. */
export type RunOrigin = {
  /** The user's own code that its training calls. */
  readonly functions: OwnCode;
  /**
   * The SHA-256 of the weights of its teachers and first stages, in order. `null`, in a dry run
   * only: they are not there.
   */
  readonly weights: readonly (string | null)[];
  /** Whether it repeats bit for bit. */
  readonly deterministic: boolean;
  /** Retort's version; `null` if it is not known. */
  readonly retort: string | null;
  /** TensorFlow's version; `null` on tfjs's own backend. */
  readonly tensorflow: string | null;
};

/** The time of steps. */
export type StepsTime = {
  /** The number of images that went through them. */
  readonly images: number;
  /** Seconds in which they waited for data. */
  readonly waited: number;
  /** Seconds of the steps. */
  readonly trained: number;
};

/** The best epoch so far. */
export type BestEpoch = {
  /** The epoch, counted from 1. */
  readonly epoch: number;
  /**
   * The number that chose it: the primary measure on the hold-out if there is one, else on the test
   * set.
   */
  readonly chosen: number;
  /** Its score on the test set. */
  readonly score: Score;
  /** The score of its moving average there. `undefined` if there is none. */
  readonly average?: Score;
};

const CODE = "code.json";

/** The folder of one run. */
export class RunFolder {
  readonly path: string;
  readonly #putAsideAs: (n: number) => RunFolder;

  /**
   * Names the folder of an experiment's run with a seed. Each quick run has its own folder. `old` is
   * the number of a run that was put aside.
   */
  constructor(root: string, id: string, seed: number, quick: string | undefined, old?: number) {
    const name = quick ? `seed-${seed}-${quick}` : `seed-${seed}`;
    this.path = join(root, RUNS, id, old === undefined ? name : `${name}.old-${old}`);
    this.#putAsideAs = (n) => new RunFolder(root, id, seed, quick, n);
  }

  /** The path of a file in this folder. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** The path of the student's weights after an epoch, or of their moving average. */
  weights(epoch: Epoch, kind?: "average"): string {
    const name = typeof epoch === "number" ? `epoch-${epoch}` : epoch;
    return this.file(`${name}${kind ? `.${kind}` : ""}.safetensors`);
  }

  /** The path of the weights of modules that the method trains for others, after an epoch. */
  trainedModules(epoch: Epoch): string {
    return this.weights(epoch).replace(/safetensors$/, "extras.safetensors");
  }

  /**
   * Reads the latest state of a run. `undefined` if there is none. Rejects with a `Failure` (exit
   * 3) that names the file if it is damaged or lacks a member.
   */
  async latest(): Promise<SavedState | undefined> {
    const path = this.#latest;
    if (!existsSync(path)) return undefined;
    const checkpoint = await loadCheckpoint(path);
    const refuse = (problem: string) =>
      new Failure(3, `${path} does not say how far the run has come: ${problem}; ${FRESH_HINT}`);
    return { ...checkpoint, path, progress: readAs(checkpoint.metadata, progress, refuse) };
  }

  /** Writes the latest state of a run. */
  async saveLatest(state: ReadonlyMap<string, Value>, progress: RunProgress): Promise<void> {
    await saveCheckpoint(this.#latest, state, progress);
  }

  get #latest(): string {
    return this.file("latest.safetensors");
  }

  /**
   * Reads the result of a run that is done. `undefined` if there is none, or if it is incomplete or
   * not what was written, so that it is measured again.
   */
  async trial(): Promise<Trial | undefined> {
    const path = this.file("trial.json");
    if (!existsSync(path)) return undefined;
    const json = await Deno.readTextFile(path);
    try {
      const { checksum, ...trial } = { ...JSON.parse(json) };
      const read = readAs(trial, trialReader, (problem) => new SyntaxError(problem));
      // Files of earlier versions have no checksum.
      return checksum === undefined || checksum === await checksumOf(read) ? read : undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** Writes the result of a run that is done, with a checksum. */
  async writeTrial(trial: Trial): Promise<void> {
    await this.write("trial.json", { ...trial, checksum: await checksumOf(trial) });
  }

  /**
   * Reads what the run learned from. `undefined` for a run from before this was recorded. Rejects
   * with a `Failure` (exit 3) that names the file if it is damaged.
   */
  async data(): Promise<DataFacts | undefined> {
    const path = this.file("data.json");
    if (!existsSync(path)) return undefined;
    const refuse = (problem: string) =>
      new Failure(3, `${path} does not say what the run learned from: ${problem}; remove it`);
    let json: unknown;
    try {
      json = JSON.parse(await Deno.readTextFile(path));
    } catch (error) {
      throw refuse(messageOf(error));
    }
    return readAs(json, readDataFacts, refuse);
  }

  /** Records what the run learns from. */
  async recordData(facts: DataFacts): Promise<void> {
    await this.write("data.json", facts);
  }

  /**
   * Reads the fingerprint of the code that the run is of. `undefined` in runs of older versions.
   * Rejects with a `Failure` (exit 3) if the file is damaged.
   */
  async code(): Promise<OwnCode | undefined> {
    const path = this.file(CODE);
    if (!existsSync(path)) return undefined;
    const refuse = (problem: string) =>
      new Failure(3, `${path} is damaged: ${problem}; ${FRESH_HINT}`);
    const json = await Deno.readTextFile(path);
    let value: Record<string, unknown>;
    try {
      value = { ...JSON.parse(json) };
    } catch (error) {
      throw refuse(messageOf(error));
    }
    const { checksum, ...code } = value;
    const read = readAs(code, readCode, refuse);
    // Files of earlier versions have no checksum.
    if (checksum === undefined || checksum === await checksumOf(read)) return read;
    throw refuse("it is not what was written");
  }

  /** Writes the fingerprint of the code that the run is of from now on, with a checksum. */
  async writeCode(code: OwnCode): Promise<void> {
    await this.write(CODE, { ...code, checksum: await checksumOf(code) });
  }

  /** Reads the result of a run that was done. Rejects with a `Failure` (exit 3) if it is gone. */
  async requireTrial(): Promise<Trial> {
    const trial = await this.trial();
    if (trial) return trial;
    const path = this.file("trial.json");
    throw new Failure(3, `${path} is missing or damaged: run its experiment again`);
  }

  /**
   * Makes the folder if it is missing. Removes what a killed process wrote half of: call it only
   * with the trial's claim.
   */
  async make(): Promise<void> {
    await makeFolder(this.path);
    await removeUnfinished(this.path);
  }

  /**
   * Renames the folder and returns its new path. `undefined` if there is no folder. Removes what a
   * killed process wrote half of: call it only with the trial's claim.
   */
  async putAside(): Promise<string | undefined> {
    if (!existsSync(this.path)) return undefined;
    await removeUnfinished(this.path);
    const [latest = 0] = await this.#asideNumbers();
    const { path } = this.#putAsideAs(latest + 1);
    await Deno.rename(this.path, path).catch((cause) => {
      throw new Failure(
        3,
        `cannot rename ${this.path} to ${path}: ${systemMessageOf(cause)}; ` +
          "move or remove it yourself, then run again",
        { cause },
      );
    });
    return path;
  }

  /** The folders that were put aside, the latest first. */
  async asides(): Promise<RunFolder[]> {
    return (await this.#asideNumbers()).map(this.#putAsideAs);
  }

  async #asideNumbers(): Promise<number[]> {
    const parent = dirname(this.path);
    if (!existsSync(parent)) return [];
    const prefix = `${basename(this.path)}.old-`;
    const numbers: number[] = [];
    for await (const { name } of Deno.readDir(parent)) {
      const n = Number(name.slice(prefix.length));
      if (name.startsWith(prefix) && Number.isInteger(n) && n > 0) numbers.push(n);
    }
    return numbers.sort((a, b) => b - a);
  }

  /** Renames a folder that was put aside to this one, which must be free. */
  async takeBack(aside: RunFolder): Promise<void> {
    await Deno.rename(aside.path, this.path).catch((cause) => {
      throw writeFailure(this.path, cause);
    });
  }

  /** Writes a JSON file. */
  async write(name: string, value: Json): Promise<void> {
    await atomicWrite(this.file(name), `${JSON.stringify(value, null, 2)}\n`);
  }
}

/** The SHA-256 of a value's canonical JSON. */
async function checksumOf(value: Json): Promise<string> {
  return await sha256(new TextEncoder().encode(canonical(value)));
}

const score: Reader<Score> = recordOf(number);
const best: Reader<BestEpoch> = looseObject<BestEpoch>({
  epoch: count,
  chosen: number,
  score,
  average: optional(score),
});
const stepsTime: Reader<StepsTime> = looseObject<StepsTime>({
  images: count,
  waited: number,
  trained: number,
});
const anyProgress: Reader<RunProgress> = looseObject<RunProgress>({
  declaration: text,
  precision: oneOf("float32", "bfloat16"),
  backend: text,
  epoch: count,
  batch: count,
  step: count,
  sums: readEpochSums,
  best: optional(best),
  last: optional(score),
  held: optional(score),
  average: optional(score),
  workers: optional(count),
  syncNorm: optional(boolean),
  readsLength: optional(boolean),
  origin: optional(looseObject<RunOrigin>({
    functions: readCode,
    weights: arrayOf(nullable(text)),
    deterministic: boolean,
    retort: nullable(text),
    tensorflow: nullable(text),
  })),
  seconds: number,
  weights: optional(arrayOf(nullable(text))),
  spent: optional(stepsTime),
  stepSeconds: optional(number),
});

const scores = looseObject<Required<Pick<RunProgress, "best" | "last">>>({ best, last: score });

/** Reads the progress of a run. Requires scores once an epoch is complete. */
const progress: Reader<RunProgress> = (value, at, or) => {
  const read = anyProgress(value, at, or);
  if (read.epoch > 0) scores(value, at);
  return read;
};
