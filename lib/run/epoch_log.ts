import { existsSync } from "node:fs";
import { atomicWrite, writeFailure } from "../files/atomic_write.ts";
import { EVENTS, EventWriter } from "../files/event_file.ts";
import { syncOpenFile } from "../files/sync.ts";
import { formatMeasure, meanOf, type Score, type Task } from "../tasks/task.ts";
import { Failure } from "../values/failure.ts";
import { formatThroughput } from "../values/numbers.ts";
import { count, looseObject, number, readAs, type Reader, recordOf } from "../values/reader.ts";
import { quoteText } from "../values/words.ts";
import type { EpochSums } from "./epoch_sums.ts";

/** The log entry of an epoch: numbers by tag, e.g. `train/loss/kd`, `test/top1`, `lr`. */
export type EpochLog = { readonly epoch: number; readonly [tag: string]: number };

/** The results of an epoch. */
export interface EpochSummary {
  /** The epoch, counted from 1. */
  readonly epoch: number;
  /** The number of epochs in the run. */
  readonly epochs: number;
  /** The learning rate of the first step. */
  readonly rate: number;
  readonly sums: EpochSums;
  /** The student's score on the test set. */
  readonly test: Score;
  /** The student's score on the hold-out. `undefined` if there is none. */
  readonly held?: Score;
  /** The score of the student's moving average on the test set. `undefined` if there is none. */
  readonly average?: Score;
  /** The number of trials that trained together and share these times. */
  readonly trials: number;
  /** Images through a training step per second. */
  readonly imagesPerSecond: number;
  /** Seconds in which the step waited for data. */
  readonly waited: number;
  /** Total seconds, including evaluation. */
  readonly seconds: number;
}

/** Divides sums by the number of the epoch's images. */
function means(
  sums: { readonly [name: string]: number },
  { images }: EpochSums,
): [string, number][] {
  return Object.entries(sums).map(([name, sum]) => [name, sum / images]);
}

/** The student's score in training. */
function trainScore({ measures }: Task, { measures: sums, images }: EpochSums): Score {
  return Object.fromEntries(
    Object.entries(sums).map(([measure, sum]) => [measure, meanOf(measures[measure], sum, images)]),
  );
}

/** Puts a prefix before names: `prefix/name`. */
function prefixNames(
  prefix: string,
  numbers: Iterable<readonly [string, number]>,
): Record<string, number> {
  return Object.fromEntries(Array.from(numbers, ([name, number]) => [`${prefix}/${name}`, number]));
}

/** Makes the log entry of an epoch. */
export function epochLog(task: Task, summary: EpochSummary): EpochLog {
  const { epoch, rate, sums, test, held, average } = summary;
  const { trials, imagesPerSecond, waited, seconds } = summary;
  const { primary } = task;
  return {
    epoch,
    lr: rate,
    ...prefixNames("train/loss", means(sums.terms, sums)),
    "train/loss": sums.loss / sums.images,
    ...prefixNames("train/report", means(sums.reports, sums)),
    ...prefixNames("train/grad", Object.entries(sums.grads ?? {})),
    ...prefixNames("train", Object.entries(trainScore(task, sums))),
    ...prefixNames("test", Object.entries(test)),
    ...prefixNames("average", Object.entries(average ?? {})),
    ...held && prefixNames("holdout", [[primary, held[primary]]]),
    "perf/trials": trials,
    "perf/images_per_second": imagesPerSecond,
    "perf/data_seconds": waited,
    "perf/seconds": seconds,
    "perf/rss_mb": Deno.memoryUsage().rss / 2 ** 20,
  };
}

/** Formats an epoch as a line for the terminal. */
export function epochLine(task: Task, summary: EpochSummary): string {
  const { epoch, epochs, rate, sums, test, held, average, imagesPerSecond, waited } = summary;
  const terms = means(sums.terms, sums).map(([name, mean]) => `${name} ${mean.toFixed(3)}`);
  const norms = Object.entries(sums.grads ?? {}).map(([term, norm]) =>
    `${term} ${norm.toPrecision(3)}`
  );
  const byData = {
    train: trainScore(task, sums),
    test,
    average: average ?? {},
    holdout: held ?? {},
  };
  const scores = Object.entries(byData).flatMap(([data, score]) =>
    task.primary in score
      ? [`${data} ${formatMeasure(task.measures[task.primary], score[task.primary])}`]
      : []
  );
  return [
    `ep ${epoch}/${epochs} lr ${+rate.toPrecision(6)} loss ${
      (sums.loss / sums.images).toFixed(3)
    } (${terms.join(", ")})`,
    ...(norms.length > 0 ? [`grad (${norms.join(", ")})`] : []),
    ...scores,
    `img/s ${formatThroughput(imagesPerSecond)} data ${waited.toFixed(1)} s`,
  ].join(" ");
}

/** The log of a run: a line of JSON and TensorBoard scalars for each epoch. */
export class Logs {
  readonly #path: string;
  readonly #events: EventWriter;

  /** Continues the log in a run's folder after `epoch` epochs. Cuts off later entries. */
  constructor(folder: string, epoch: number) {
    this.#path = logPath(folder);
    this.#events = new EventWriter(folder, epoch);
    try {
      if (existsSync(this.#path)) {
        const bytes = Deno.readFileSync(this.#path);
        const length = lengthOfLines(bytes, epoch);
        if (length < bytes.length) Deno.truncateSync(this.#path, length);
      }
    } catch (error) {
      throw writeFailure(this.#path, error);
    }
  }

  /** Logs an epoch. The entry is on the disk when this returns. */
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
      syncOpenFile(file, this.#path);
    } catch (error) {
      throw writeFailure(this.#path, error);
    }
  }
}

/** Copies the log in a run's folder to another run's, in place of what is there. */
export async function copyLogs(from: string, to: string): Promise<void> {
  const read = (folder: string) =>
    Array.fromAsync(Deno.readDir(folder), ({ name }) => name).then((names) => names.filter(isLog));
  for (const name of await read(to)) await Deno.remove(`${to}/${name}`);
  for (const name of await read(from)) {
    await atomicWrite(`${to}/${name}`, await Deno.readFile(`${from}/${name}`));
  }
}

const isLog = (name: string): boolean => name === METRICS || EVENTS.test(name);

const METRICS = "metrics.jsonl";

/** The length in bytes of the first `count` lines, or of all whole lines if there are fewer. */
function lengthOfLines(bytes: Uint8Array, count: number): number {
  let end = 0;
  for (let line = 0; line < count; line++) {
    const next = bytes.indexOf(NEWLINE, end) + 1;
    if (next === 0) break;
    end = next;
  }
  return end;
}

const NEWLINE = 0x0a;

/**
 * Reads the log in a run's folder, epoch by epoch: the lines that are whole. `undefined` if there is
 * none. Rejects with a `Failure` (exit 3) that names the file if a line is not one of a log.
 */
export async function readLog(folder: string): Promise<EpochLog[] | undefined> {
  const path = logPath(folder);
  if (!existsSync(path)) return undefined;
  const lines = (await Deno.readTextFile(path)).split("\n").slice(0, -1);
  return lines.map((line) => parseEntry(line, path));
}

/** The log in a run's folder. */
export function logPath(folder: string): string {
  return `${folder}/${METRICS}`;
}

/**
 * Parses a line of the log at `path`. A number that was not finite is absent, since JSON has none.
 * Throws a `Failure` (exit 3) that names the log if the line is no entry.
 */
export function parseEntry(line: string, path: string): EpochLog {
  const refuse = (problem: string) => new Failure(3, `${path} is damaged: ${problem}`);
  try {
    const finite = (_: string, value: unknown) => value === null ? undefined : value;
    return readAs(JSON.parse(line, finite), readEntry, refuse);
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse(`a line is not JSON: ${quoteText(line)}`);
    throw error;
  }
}

const readEntry: Reader<EpochLog> = (value, at, or) => ({
  ...recordOf(number)(value, at, or),
  ...looseObject<{ readonly epoch: number }>({ epoch: count })(value, at, or),
});

/**
 * Reads a score on the test set after an epoch from the log in a run's folder: the student's, or its
 * moving average's. `undefined` if the log has no such epoch.
 */
export async function readLoggedScore(
  folder: string,
  epoch: number,
  measure: string,
  of: "test" | "average" = "test",
): Promise<number | undefined> {
  const log = await readLog(folder);
  return log?.find((entry) => entry.epoch === epoch)?.[`${of}/${measure}`];
}
