import { existsSync } from "node:fs";
import { cannotWrite } from "./cannot_write.ts";
import { EventWriter } from "./events.ts";
import type { Score } from "./tasks/task.ts";

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
  /** Sums over its images: `loss`, `loss/<term>`, `report/<name>`, `correct`, and `images` itself; of one of its batches `grad/<term>`, if asked for. */
  readonly sums: { readonly [name: string]: number };
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

/** The mean of each loss, the total last, or of each thing that the method reports, by name. */
function means({ sums }: EpochSummary, kind: "loss" | "report"): [string, number][] {
  return Object.entries(sums).filter(([name]) => name.startsWith(kind)).map((
    [name, sum],
  ) => [name, sum / sums.images]);
}

/** How strongly each term pulled at the student in the batch where that was measured, by the term's name. */
function gradNorms({ sums }: EpochSummary): [string, number][] {
  return Object.entries(sums).flatMap(([name, norm]): [string, number][] =>
    name.startsWith("grad/") ? [[name.slice("grad/".length), norm]] : []
  );
}

/** An epoch as it is logged. */
export function epochLog(summary: EpochSummary): EpochLog {
  const { epoch, rate, sums, test, held, imagesPerSecond, waited, seconds } = summary;
  return {
    epoch,
    lr: rate,
    ...Object.fromEntries(
      [...means(summary, "loss"), ...means(summary, "report")].map(([name, mean]) => [`train/${name}`, mean]),
    ),
    ...Object.fromEntries(gradNorms(summary).map(([term, norm]) => [`train/grad/${term}`, norm])),
    "train/top1": 100 * sums.correct / sums.images,
    "test/top1": test.top1,
    "test/top5": test.top5,
    ...(held ? { "holdout/top1": held.top1 } : {}),
    "perf/images_per_second": imagesPerSecond,
    "perf/data_seconds": waited,
    "perf/seconds": seconds,
    "perf/rss_mb": Deno.memoryUsage().rss / 2 ** 20,
  };
}

/** An epoch as it is shown. */
export function epochLine(summary: EpochSummary): string {
  const { epoch, epochs, rate, sums, test, held, imagesPerSecond, waited } = summary;
  const shown = means(summary, "loss").map(([name, mean]) => [name.replace("loss/", ""), mean.toFixed(3)]);
  const loss = shown.filter(([name]) => name === "loss").map(([, mean]) => mean).join();
  const terms = shown.filter(([name]) => name !== "loss").map((term) => term.join(" ")).join(", ");
  const pulls = gradNorms(summary).map(([term, norm]) => `${term} ${norm.toPrecision(3)}`);
  return [
    `ep ${epoch}/${epochs} lr ${+rate.toPrecision(6)} loss ${loss} (${terms})`,
    ...(pulls.length > 0 ? [`grad (${pulls.join(", ")})`] : []),
    `train ${(100 * sums.correct / sums.images).toFixed(2)} test ${test.top1.toFixed(2)}`,
    ...(held ? [`holdout ${held.top1.toFixed(2)}`] : []),
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
      if (existsSync(this.#path)) Deno.truncateSync(this.#path, lengthOf(Deno.readFileSync(this.#path), epoch));
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
  }

  /** Logs an epoch; it is on the disk when this returns. */
  add(log: EpochLog): void {
    this.#append(`${JSON.stringify(log)}\n`);
    for (const [tag, value] of Object.entries(log)) if (tag !== "epoch") this.#events.scalar(tag, value, log.epoch);
  }

  #append(line: string): void {
    try {
      using file = Deno.openSync(this.#path, { create: true, append: true });
      const bytes = new TextEncoder().encode(line);
      for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
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
