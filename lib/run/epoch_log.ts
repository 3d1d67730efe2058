import { existsSync } from "node:fs";
import { cannotWrite } from "../files/atomic_write.ts";
import { EventWriter } from "../files/event_file.ts";
import { formatMeasure, meanOf, type Score, type Task } from "../tasks/task.ts";
import type { EpochSums } from "./epoch_sums.ts";

/** What is logged of an epoch: numbers by tag, e.g. `train/loss/kd`, `test/top1`, `lr`. */
export type EpochLog = { readonly epoch: number; readonly [tag: string]: number };

/** What an epoch came to. */
export interface EpochSummary {
  /** Which one, counted from 1. */
  readonly epoch: number;
  /** Of how many. */
  readonly epochs: number;
  /** The learning rate of its first step. */
  readonly rate: number;
  /** What its steps added up to. */
  readonly sums: EpochSums;
  /** The student on the test set. */
  readonly test: Score;
  /** The student on what is held out. */
  readonly held?: Score;
  /** Images through a step per second. */
  readonly imagesPerSecond: number;
  /** Seconds in which the step waited for data. */
  readonly waited: number;
  /** Seconds in all, evaluation included. */
  readonly seconds: number;
}

/** The means over an epoch's images of sums, by name. */
function means(
  sums: { readonly [name: string]: number },
  { images }: EpochSums,
): [string, number][] {
  return Object.entries(sums).map(([name, sum]) => [name, sum / images]);
}

/** What the student reached in training, in the task's measures. */
function trained({ measures }: Task, { measures: sums, images }: EpochSums): Score {
  return Object.fromEntries(
    Object.entries(sums).map(([measure, sum]) => [measure, meanOf(measures[measure], sum, images)]),
  );
}

/** Numbers under tags that begin like this. */
function tagged(
  prefix: string,
  numbers: Iterable<readonly [string, number]>,
): Record<string, number> {
  return Object.fromEntries(Array.from(numbers, ([name, number]) => [`${prefix}/${name}`, number]));
}

/** An epoch as it is logged. */
export function epochLog(task: Task, summary: EpochSummary): EpochLog {
  const { epoch, rate, sums, test, held, imagesPerSecond, waited, seconds } = summary;
  const { primary } = task;
  return {
    epoch,
    lr: rate,
    ...tagged("train/loss", means(sums.terms, sums)),
    "train/loss": sums.loss / sums.images,
    ...tagged("train/report", means(sums.reports, sums)),
    ...tagged("train/grad", Object.entries(sums.grads ?? {})),
    ...tagged("train", Object.entries(trained(task, sums))),
    ...tagged("test", Object.entries(test)),
    ...held && tagged("holdout", [[primary, held[primary]]]),
    "perf/images_per_second": imagesPerSecond,
    "perf/data_seconds": waited,
    "perf/seconds": seconds,
    "perf/rss_mb": Deno.memoryUsage().rss / 2 ** 20,
  };
}

/** An epoch as it is shown. */
export function epochLine(task: Task, summary: EpochSummary): string {
  const { epoch, epochs, rate, sums, test, held, imagesPerSecond, waited } = summary;
  const terms = means(sums.terms, sums).map(([name, mean]) => `${name} ${mean.toFixed(3)}`);
  const pulls = Object.entries(sums.grads ?? {}).map(([term, norm]) =>
    `${term} ${norm.toPrecision(3)}`
  );
  const reached = Object.entries({ train: trained(task, sums), test, holdout: held ?? {} }).flatMap(
    ([on, score]) =>
      task.primary in score
        ? [`${on} ${formatMeasure(task.measures[task.primary], score[task.primary])}`]
        : [],
  );
  return [
    `ep ${epoch}/${epochs} lr ${+rate.toPrecision(6)} loss ${
      (sums.loss / sums.images).toFixed(3)
    } (${terms.join(", ")})`,
    ...(pulls.length > 0 ? [`grad (${pulls.join(", ")})`] : []),
    ...reached,
    `img/s ${imagesPerSecond.toFixed(0)} data ${waited.toFixed(1)} s`,
  ].join(" ");
}

/** The log of a run: a line of JSON and TensorBoard's scalars for each epoch. */
export class Logs {
  readonly #path: string;
  readonly #events: EventWriter;

  /** Goes on after `epoch` epochs in a run's folder; what was logged of later ones is cut off. */
  constructor(folder: string, epoch: number) {
    this.#path = `${folder}/metrics.jsonl`;
    this.#events = new EventWriter(folder, epoch);
    try {
      if (existsSync(this.#path)) {
        Deno.truncateSync(this.#path, lengthOf(Deno.readFileSync(this.#path), epoch));
      }
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
  }

  /** Logs an epoch; it is on the disk when this returns. */
  add(log: EpochLog): void {
    this.#append(`${JSON.stringify(log)}\n`);
    for (const [tag, value] of Object.entries(log)) {
      if (tag !== "epoch") this.#events.scalar(tag, value, log.epoch);
    }
  }

  #append(line: string): void {
    try {
      using file = Deno.openSync(this.#path, { create: true, append: true });
      const bytes = new TextEncoder().encode(line);
      for (let written = 0; written < bytes.length;) {
        written += file.writeSync(bytes.subarray(written));
      }
      file.syncSync();
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
  }
}

/** How many bytes the first `count` lines take, or as many as there are whole ones of. */
function lengthOf(bytes: Uint8Array, count: number): number {
  let end = 0;
  for (let line = 0; line < count; line++) {
    const next = bytes.indexOf(NEWLINE, end) + 1;
    if (next === 0) break;
    end = next;
  }
  return end;
}

const NEWLINE = 0x0a;
