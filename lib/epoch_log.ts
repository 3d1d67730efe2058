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
    if (!existsSync(this.#path)) return;
    const lines = Deno.readTextFileSync(this.#path).split("\n").slice(0, epoch);
    this.#write(lines.map((line) => `${line}\n`).join(""), false);
  }

  /** Logs an epoch; it is on the disk when this returns. */
  add(log: EpochLog): void {
    this.#write(`${JSON.stringify(log)}\n`, true);
    for (const [tag, value] of Object.entries(log)) if (tag !== "epoch") this.#events.scalar(tag, value, log.epoch);
  }

  #write(text: string, append: boolean): void {
    try {
      using file = Deno.openSync(this.#path, { write: true, create: true, append, truncate: !append });
      const bytes = new TextEncoder().encode(text);
      for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
      file.syncSync();
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
  }
}
