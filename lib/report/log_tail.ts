import { existsSync } from "node:fs";
import { type EpochLog, logPath, parseEntry } from "../run/epoch_log.ts";

/** What came to a log since it was looked at. */
export interface Appended {
  /** Whether the log was cut or replaced, so that it begins anew with these entries. */
  readonly isAnew: boolean;
  readonly entries: readonly EpochLog[];
}

const NEWLINE = 0x0a;

/** Follows the log of a run. It reads only what was appended, and whole lines only. */
export class LogTail {
  readonly #path: string;
  #offset = 0;
  #file: number | null = null;

  constructor(folder: string) {
    this.#path = logPath(folder);
  }

  /**
   * Reads the entries since the last call. A log that is gone counts as empty. Throws a `Failure`
   * (exit 3) that names the file if a line is no entry.
   */
  read(): Appended {
    if (!existsSync(this.#path)) {
      return this.#anew(null, 0) ? { isAnew: true, entries: [] } : NOTHING;
    }
    using file = Deno.openSync(this.#path);
    const { ino, size } = file.statSync();
    const isAnew = this.#anew(ino, size);
    file.seekSync(this.#offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(size - this.#offset);
    let length = 0;
    for (let got; (got = file.readSync(bytes.subarray(length))) && length < size;) length += got;
    const end = bytes.subarray(0, length).lastIndexOf(NEWLINE) + 1;
    this.#offset += end;
    const lines = new TextDecoder().decode(bytes.subarray(0, end)).split("\n").slice(0, -1);
    return { isAnew, entries: lines.map((line) => parseEntry(line, this.#path)) };
  }

  /** Begins again if the file is another one or shorter than what was read of it. */
  #anew(ino: number | null, size: number): boolean {
    const isAnew = this.#offset > 0 && (ino !== this.#file || size < this.#offset);
    this.#file = ino;
    if (isAnew) this.#offset = 0;
    return isAnew;
  }
}

const NOTHING: Appended = { isAnew: false, entries: [] };
