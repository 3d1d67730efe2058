import { Buffer } from "node:buffer";
import { refuseDamaged } from "../refused.ts";

/** A text with a letter for each byte. `TextDecoder` would give Windows' letters for some. */
export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/**
 * A position in bytes that advances with each read. Every method throws a `FileRefused` if too few
 * bytes follow.
 */
export class Cursor {
  /** The position of the next byte. */
  at: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  uint8(): number {
    return this.#view.getUint8(this.#step(1));
  }

  /** Little-endian. */
  uint16(): number {
    return this.#view.getUint16(this.#step(2), true);
  }

  /** Little-endian. */
  uint32(): number {
    return this.#view.getUint32(this.#step(4), true);
  }

  /** Little-endian. */
  int32(): number {
    return this.#view.getInt32(this.#step(4), true);
  }

  /** Little-endian, rounded if it is above 2⁵³. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#step(8), true));
  }

  /** Big-endian. */
  float64(): number {
    return this.#view.getFloat64(this.#step(8), false);
  }

  /** The next bytes as a view. */
  take(length: number): Uint8Array {
    return this.#bytes.subarray(this.#step(length), this.at);
  }

  /** The next bytes as a string in UTF-8. */
  text(length: number): string {
    return decoder.decode(this.take(length));
  }

  /** Reads the rest of the line and skips its end. */
  line(): string {
    const end = this.#bytes.indexOf(10, this.at);
    if (end < 0) throw refuseDamaged("its pickle ends early");
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  #step(length: number): number {
    const { at } = this;
    if (length > this.#bytes.length - at) throw refuseDamaged("its pickle ends early");
    this.at += length;
    return at;
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
