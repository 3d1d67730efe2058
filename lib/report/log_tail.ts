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
  /** The length of all lines that were read. */
  #offset = 0;
  /** The last line that was read, by which it is told whether the log is still the same. */
  #last: Uint8Array = new Uint8Array();

  constructor(folder: string) {
    this.#path = logPath(folder);
  }

  /**
   * Reads the entries since the last call. A log that is not there counts as empty. Throws a
   * `Failure` (exit 3) that names the file if a line is no entry.
   */
  read(): Appended {
    const bytes = this.#bytesFrom(this.#offset - this.#last.length);
    const isSame = this.#last.every((byte, i) => bytes[i] === byte);
    if (isSame) return { isAnew: false, entries: this.#take(bytes.subarray(this.#last.length)) };
    this.#offset = 0;
    this.#last = new Uint8Array();
    return { isAnew: true, entries: this.#take(this.#bytesFrom(0)) };
  }

  /** The log from an offset. Empty if it is shorter or not there. */
  #bytesFrom(offset: number): Uint8Array {
    try {
      using file = Deno.openSync(this.#path);
      file.seekSync(offset, Deno.SeekMode.Start);
      const bytes = new Uint8Array(Math.max(0, file.statSync().size - offset));
      let length = 0;
      while (length < bytes.length) {
        const read = file.readSync(bytes.subarray(length));
        if (read === null) break;
        length += read;
      }
      return bytes.subarray(0, length);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return new Uint8Array();
      throw error;
    }
  }

  /** Takes the whole lines of what came. */
  #take(bytes: Uint8Array): EpochLog[] {
    const whole = bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);
    if (whole.length === 0) return [];
    const lines = new TextDecoder().decode(whole).split("\n").slice(0, -1);
    const entries = lines.map((line) => parseEntry(line, this.#path));
    this.#offset += whole.length;
    this.#last = whole.slice(whole.subarray(0, -1).lastIndexOf(NEWLINE) + 1);
    return entries;
  }
}
