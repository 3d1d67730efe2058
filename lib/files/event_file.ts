import { writeFailure } from "./atomic_write.ts";

/** Appends scalars to the event file in a run's folder. */
export class EventWriter {
  /** Path of the event file: `events.out.tfevents.<seconds>.retort` in the folder. */
  readonly path: string;

  /**
   * Continues the folder's event file after step `after`, or creates one. Default of `after`: −1, no
   * step. Cuts off later steps and a record that a crash left incomplete, so that a resumed run
   * leaves the same file as an uninterrupted one. Throws a `Failure` (exit 3) if the folder cannot
   * be written.
   */
  constructor(folder: string, after = -1) {
    this.path = `${folder}/events.out.tfevents.${Math.floor(Date.now() / 1000)}.retort`;
    try {
      const found = Array.from(Deno.readDirSync(folder), ({ name }) => name).find((name) =>
        EVENTS.test(name)
      );
      if (found) {
        this.path = `${folder}/${found}`;
        const bytes = Deno.readFileSync(this.path);
        const intact = countIntact(bytes, after);
        if (intact < bytes.length) Deno.truncateSync(this.path, intact);
      }
      if (!found || Deno.statSync(this.path).size === 0) this.#append(encodeVersion());
    } catch (error) {
      throw writeFailure(this.path, error);
    }
  }

  /**
   * Appends one number with its tag, its step, and its time in seconds since 1970. Default: now.
   */
  scalar(tag: string, value: number, step: number, seconds: number = Date.now() / 1000): void {
    try {
      this.#append(encodeEvent(tag, value, step, seconds));
    } catch (error) {
      throw writeFailure(this.path, error);
    }
  }

  #append(message: readonly number[]): void {
    Deno.writeFileSync(this.path, frame(Uint8Array.from(message)), { append: true });
  }
}

/** The names of event files. */
export const EVENTS = /^events\.out\.tfevents\.\d+\.retort$/;
const HEAD = 12;
const TAIL = 4;

/** Encodes the first message of a file. */
const encodeVersion =
  (): number[] => [0x09, ...double(Date.now() / 1000), ...text(0x1a, utf8("brain.Event:2"))];

/**
 * Encodes an `Event` of a summary with one value. The step is at byte 10, where `stepOf` reads it.
 */
function encodeEvent(tag: string, value: number, step: number, seconds: number): number[] {
  const scalar = [...text(0x0a, utf8(tag)), 0x15, ...float(value)];
  return [0x09, ...double(seconds), 0x10, ...varint(step), ...text(0x2a, text(0x0a, scalar))];
}

/** Wraps bytes in a TFRecord. */
function frame(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEAD + bytes.length + TAIL);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(bytes, HEAD);
  view.setUint32(HEAD + bytes.length, maskedCrc(bytes), true);
  return record;
}

/** Counts the bytes of a file that are whole frames of steps up to `after`. */
function countIntact(bytes: Uint8Array, after: number): number {
  const view = new DataView(bytes.buffer);
  let kept = 0;
  while (
    kept + HEAD <= bytes.length &&
    view.getUint32(kept + 8, true) === maskedCrc(bytes.subarray(kept, kept + 8))
  ) {
    const end = kept + HEAD + Number(view.getBigUint64(kept, true));
    const message = bytes.subarray(kept + HEAD, end);
    if (
      end + TAIL > bytes.length || view.getUint32(end, true) !== maskedCrc(message) ||
      stepOf(message) > after
    ) break;
    kept = end + TAIL;
  }
  return kept;
}

/** Returns the step of an event. −1 for the file's first message, which has none. */
function stepOf(message: Uint8Array): number {
  if (message[9] !== 0x10) return -1;
  let step = 0;
  let unit = 1;
  for (let i = 10; i < message.length; i++, unit *= 128) {
    step += (message[i] & 0x7f) * unit;
    if (message[i] < 0x80) break;
  }
  return step;
}

/**
 * Computes TFRecord's checksum: rotated and shifted, so that checksums of checksums stay useful.
 */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return ((crc >>> 15 | crc << 17) + 0xa282ead8) >>> 0;
}

const utf8 = (value: string): number[] => [...new TextEncoder().encode(value)];
const double = (value: number): number[] => [...new Uint8Array(Float64Array.of(value).buffer)];
const float = (value: number): number[] => [...new Uint8Array(Float32Array.of(value).buffer)];
const text = (
  key: number,
  bytes: readonly number[],
): number[] => [key, ...varint(bytes.length), ...bytes];
const varint = (value: number): number[] =>
  value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))];

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** Computes the CRC-32C (Castagnoli, RFC 3720) of bytes, an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff] ^ crc >>> 8;
  return ~crc >>> 0;
}
