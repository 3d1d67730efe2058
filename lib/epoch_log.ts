import { existsSync } from "node:fs";
import { cannotWrite } from "./cannot_write.ts";
import { EventWriter } from "./events.ts";

/** What is logged of an epoch: numbers by tag, e.g. `train/loss/kd`, `test/top1`, `lr`. */
export type EpochLog = { readonly epoch: number; readonly [tag: string]: number };

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
