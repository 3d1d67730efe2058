import { refuseDamaged } from "../refused.ts";

/**
 * A place in bytes that moves on as they are read. Every method throws a `Refused` where too few
 * bytes follow.
 */
export class Cursor {
  /** The next byte's place. */
  at: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  /** A cursor at a place of these bytes. */
  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  /** The next byte. */
  uint8(): number {
    return this.#view.getUint8(this.#step(1));
  }

  /** Two bytes as a number from 0 on. */
  uint16(): number {
    return this.#view.getUint16(this.#step(2), true);
  }

  /** Four bytes as a number from 0 on. */
  uint32(): number {
    return this.#view.getUint32(this.#step(4), true);
  }

  /** Four bytes as a number. */
  int32(): number {
    return this.#view.getInt32(this.#step(4), true);
  }

  /** Eight bytes as a number from 0 on, rounded where it is above 2⁵³. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#step(8), true));
  }

  /** Eight bytes, the highest first, in double precision. */
  float64(): number {
    return this.#view.getFloat64(this.#step(8), false);
  }

  /** The next bytes, as a view. */
  take(length: number): Uint8Array {
    return this.#bytes.subarray(this.#step(length), this.at);
  }

  /** The next bytes as a text in UTF-8. */
  text(length: number): string {
    return decoder.decode(this.take(length));
  }

  /** The text up to the end of the line, which is passed. */
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
