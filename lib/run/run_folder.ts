/**
 * What a run leaves on disk, below `runs/<experiment id>/seed-<n>/`: `declaration.json` (what was
 * resolved, versions, commit), `metrics.jsonl` (a line per epoch), TensorBoard's events,
 * `latest.safetensors` (all that is needed to go on), `best.safetensors`, `last.safetensors` and
 * `epoch-<n>.safetensors` (the student's weights alone), beside each of these three, where the
 * method trains modules for others, theirs as `last.extras.safetensors` …, `trial.json` (the
 * result, once there is one).
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Epoch } from "../experiment/experiment.ts";
import { atomicWrite, cannotWrite } from "../files/atomic_write.ts";
import { type Trial, trialReader } from "../project/result.ts";
import type { Score } from "../tasks/task.ts";
import { Failure } from "../values/failure.ts";
import type { Json } from "../values/json.ts";
import {
  count,
  looseObject,
  number,
  optional,
  readAs,
  type Reader,
  recordOf,
  text,
} from "../values/reader.ts";
import { type Checkpoint, loadCheckpoint, saveCheckpoint, WAY_OUT } from "../weights/checkpoint.ts";
import type { Value } from "../weights/value.ts";
import { type EpochSums, readEpochSums } from "./epoch_sums.ts";

/** How far a run has come; the metadata of its `latest.safetensors`. */
export type RunProgress = {
  /** The hash of the declaration that it follows. */
  readonly declaration: string;
  /** What it is computed in. */
  readonly precision: string;
  /** What computes it. */
  readonly backend: string;
  /** Epochs that are complete. */
  readonly epoch: number;
  /** Batches of the next epoch that are done. */
  readonly batch: number;
  /** Steps in all. */
  readonly step: number;
  /** Sums over the images of the epoch under way. */
  readonly sums: EpochSums;
  /** What the best epoch so far reached. */
  readonly best?: BestEpoch;
  /** What the last complete epoch reached on the test set. */
  readonly last?: Score;
  /** What it reached on what is held out; absent where nothing is. */
  readonly held?: Score;
  /** Seconds of training and evaluation. */
  readonly seconds: number;
  /**
   * Seconds of a step in the fastest epoch so far; see `Trial`. Absent before the first that was
   * trained without a stop.
   */
  readonly stepSeconds?: number;
};

/** The best epoch so far. */
export type BestEpoch = {
  /** Which one, counted from 1. */
  readonly epoch: number;
  /**
   * What it was chosen by: the primary measure on the hold-out if there is one, else on the test
   * set.
   */
  readonly chosen: number;
  /** What it reached on the test set. */
  readonly score: Score;
};

/** The folder of one run. */
export class RunFolder {
  /** Its path. */
  readonly path: string;

  /** The folder of an experiment's run with a seed; quick ones lie apart. */
  constructor(root: string, id: string, seed: number, quick: string | undefined) {
    this.path = join(root, "runs", id, quick ? `seed-${seed}-${quick}` : `seed-${seed}`);
  }

  /** A file in it. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** The student's weights after an epoch, the last or the best one. */
  weights(epoch: Epoch): string {
    return this.file(
      typeof epoch === "number" ? `epoch-${epoch}.safetensors` : `${epoch}.safetensors`,
    );
  }

  /** The weights of what the method trains for others, after the same epoch. */
  trainedModules(epoch: Epoch): string {
    return this.weights(epoch).replace(/safetensors$/, "extras.safetensors");
  }

  /**
   * How far an earlier run came; undefined where there was none. Rejects with a `Failure` (exit 3)
   * that names the file where it is damaged or lacks a member.
   */
  async latest(): Promise<(Checkpoint & { readonly progress: RunProgress }) | undefined> {
    const path = this.file("latest.safetensors");
    if (!existsSync(path)) return undefined;
    const checkpoint = await loadCheckpoint(path);
    const refuse = (problem: string) =>
      new Failure(3, `${path} does not say how far the run came: ${problem}; ${WAY_OUT}`);
    return { ...checkpoint, progress: readAs(checkpoint.metadata, progress, refuse) };
  }

  /**
   * The result of a run that is done; undefined where there is none, or no whole one: it is then
   * measured again.
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

  /** Makes the folder where it is missing. */
  async make(): Promise<void> {
    await Deno.mkdir(this.path, { recursive: true }).catch((cause) => {
      throw cannotWrite(this.path, cause);
    });
  }

  /**
   * Keeps other processes out for as long as what it returns is not disposed. Rejects with a
   * `Failure` (exit 2) where one is in.
   */
  async lock(title: string): Promise<Disposable> {
    const file = await Deno.open(this.path).catch((cause) => {
      throw cannotWrite(this.path, cause);
    });
    if (await file.tryLock(true)) return file;
    file.close();
    throw new Failure(2, `${title} is being trained by another process: wait until it is done`);
  }

  /**
   * Puts what is there aside under another name, which it returns; undefined where there is
   * nothing.
   */
  async putAside(): Promise<string | undefined> {
    if (!existsSync(this.path)) return undefined;
    for (let n = 1;; n++) {
      const aside = `${this.path}.old-${n}`;
      if (existsSync(aside)) continue;
      await Deno.rename(this.path, aside).catch((cause) => {
        throw cannotWrite(aside, cause);
      });
      return aside;
    }
  }

  /** Writes a JSON file. */
  async write(name: string, value: Json): Promise<void> {
    await atomicWrite(this.file(name), `${JSON.stringify(value, null, 2)}\n`);
  }

  /** Writes weights or a whole state. */
  async save(path: string, tensors: ReadonlyMap<string, Value>, metadata: Json): Promise<void> {
    await saveCheckpoint(path, tensors, metadata);
  }
}

const score: Reader<Score> = recordOf(number);
const best: Reader<BestEpoch> = looseObject<BestEpoch>({ epoch: count, chosen: number, score });
const begun: Reader<RunProgress> = looseObject<RunProgress>({
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
  seconds: number,
  stepSeconds: optional(number),
});

const reached = looseObject<Required<Pick<RunProgress, "best" | "last">>>({ best, last: score });

/** Reads how far a run has come; what an epoch reached has to be there once one is complete. */
const progress: Reader<RunProgress> = (value, at, or) => {
  const read = begun(value, at, or);
  if (read.epoch > 0) reached(value, at);
  return read;
};
