/**
 * The files of a run, below `runs/<experiment id>/seed-<n>/`:
 *
 * - `declaration.json`: the declaration, the resolved models, versions and commit.
 * - `code.json`: the fingerprint of the user's own code that the run is of.
 * - `metrics.jsonl` and TensorBoard's event files: the log of each epoch.
 * - `latest.safetensors`: the whole state, from which the run can continue.
 * - `best.safetensors`, `last.safetensors`, `epoch-<n>.safetensors`: the student's weights alone.
 * - `last.extras.safetensors` and so on, one beside each of these: the weights of modules that the
 *   method trains for others, if any.
 * - `trial.json`: the result, once the run is done.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Epoch } from "../experiment/experiment.ts";
import { atomicWrite, removeUnfinished, writeFailure } from "../files/atomic_write.ts";
import type { OwnCode } from "../project/own_code.ts";
import { readCode, type Trial, trialReader } from "../project/result.ts";
import type { Score } from "../tasks/task.ts";
import { Failure, messageOf } from "../values/failure.ts";
import type { Json } from "../values/json.ts";
import {
  boolean,
  count,
  looseObject,
  number,
  optional,
  readAs,
  type Reader,
  recordOf,
  text,
} from "../values/reader.ts";
import {
  type Checkpoint,
  FRESH_HINT,
  loadCheckpoint,
  saveCheckpoint,
} from "../weights/checkpoint.ts";
import type { Value } from "../weights/value.ts";
import { type EpochSums, readEpochSums } from "./epoch_sums.ts";

/** The progress of a run. It is the metadata of `latest.safetensors`. */
export type RunProgress = {
  /** The hash of the declaration. */
  readonly declaration: string;
  readonly precision: string;
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
  /** The number of workers that shared each batch, the most at any time. `undefined` for one. */
  readonly workers?: number;
  /**
   * Whether norms always used the statistics of the whole batch when several workers shared it.
   * `undefined`: they did not, or one worker.
   */
  readonly syncNorm?: boolean;
  /** Seconds of training and evaluation. */
  readonly seconds: number;
  /**
   * Seconds of a step in the fastest epoch so far; see `Trial`. `undefined` until an epoch was
   * trained without an interruption.
   */
  readonly stepSeconds?: number;
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
};

const CODE = "code.json";

/** The folder of one run. */
export class RunFolder {
  readonly path: string;

  /** Names the folder of an experiment's run with a seed. Each quick run has its own folder. */
  constructor(root: string, id: string, seed: number, quick: string | undefined) {
    this.path = join(root, "runs", id, quick ? `seed-${seed}-${quick}` : `seed-${seed}`);
  }

  /** The path of a file in this folder. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** The path of the student's weights after an epoch. */
  weights(epoch: Epoch): string {
    return this.file(
      typeof epoch === "number" ? `epoch-${epoch}.safetensors` : `${epoch}.safetensors`,
    );
  }

  /** The path of the weights of modules that the method trains for others, after an epoch. */
  trainedModules(epoch: Epoch): string {
    return this.weights(epoch).replace(/safetensors$/, "extras.safetensors");
  }

  /**
   * Reads the latest state of a run. `undefined` if there is none. Rejects with a `Failure` (exit
   * 3) that names the file if it is damaged or lacks a member.
   */
  async latest(): Promise<(Checkpoint & { readonly progress: RunProgress }) | undefined> {
    const path = this.file("latest.safetensors");
    if (!existsSync(path)) return undefined;
    const checkpoint = await loadCheckpoint(path);
    const refuse = (problem: string) =>
      new Failure(3, `${path} does not say how far the run came: ${problem}; ${FRESH_HINT}`);
    return { ...checkpoint, progress: readAs(checkpoint.metadata, progress, refuse) };
  }

  /**
   * Reads the result of a run that is done. `undefined` if there is none, or if it is incomplete,
   * so that it is measured again.
   */
  async trial(): Promise<Trial | undefined> {
    const path = this.file("trial.json");
    if (!existsSync(path)) return undefined;
    const json = await Deno.readTextFile(path);
    try {
      return readAs(JSON.parse(json), trialReader, (problem) => new SyntaxError(problem));
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
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
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch (error) {
      throw refuse(messageOf(error));
    }
    return readAs(value, readCode, refuse);
  }

  /** Writes the fingerprint of the code that the run is of from now on. */
  async writeCode(code: OwnCode): Promise<void> {
    await this.write(CODE, code);
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
    await Deno.mkdir(this.path, { recursive: true }).catch((cause) => {
      throw writeFailure(this.path, cause);
    });
    await removeUnfinished(this.path);
  }

  /** Renames the folder and returns its new path. `undefined` if there is no folder. */
  async putAside(): Promise<string | undefined> {
    if (!existsSync(this.path)) return undefined;
    for (let n = 1;; n++) {
      const aside = `${this.path}.old-${n}`;
      if (existsSync(aside)) continue;
      await Deno.rename(this.path, aside).catch((cause) => {
        throw writeFailure(aside, cause);
      });
      return aside;
    }
  }

  /** Writes a JSON file. */
  async write(name: string, value: Json): Promise<void> {
    await atomicWrite(this.file(name), `${JSON.stringify(value, null, 2)}\n`);
  }

  /** Writes a checkpoint: weights or a whole state. */
  async save(path: string, tensors: ReadonlyMap<string, Value>, metadata: Json): Promise<void> {
    await saveCheckpoint(path, tensors, metadata);
  }
}

const score: Reader<Score> = recordOf(number);
const best: Reader<BestEpoch> = looseObject<BestEpoch>({ epoch: count, chosen: number, score });
const anyProgress: Reader<RunProgress> = looseObject<RunProgress>({
  declaration: text,
  precision: text,
  backend: text,
  epoch: count,
  batch: count,
  step: count,
  sums: readEpochSums,
  best: optional(best),
  last: optional(score),
  held: optional(score),
  workers: optional(count),
  syncNorm: optional(boolean),
  seconds: number,
  stepSeconds: optional(number),
});

const scores = looseObject<Required<Pick<RunProgress, "best" | "last">>>({ best, last: score });

/** Reads the progress of a run. Requires scores once an epoch is complete. */
const progress: Reader<RunProgress> = (value, at, or) => {
  const read = anyProgress(value, at, or);
  if (read.epoch > 0) scores(value, at);
  return read;
};
