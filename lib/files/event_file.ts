import { cannotWrite } from "./atomic_write.ts";

/** Appends scalars to the event file in a run's folder. */
export class EventWriter {
  /** The event file, `events.out.tfevents.<seconds>.retort` in the folder. */
  readonly path: string;

  /**
   * Goes on after step `after` in the folder's event file, or begins one. What a crash tore, and
   * what was logged of later steps, is cut off: a resumed run leaves the file of an uninterrupted
   * one. Throws a `Failure` (exit 3) where the folder cannot be written.
   */
  constructor(folder: string, after = -1) {
    this.path = `${folder}/events.out.tfevents.${Math.floor(Date.now() / 1000)}.retort`;
    try {
      const found = Array.from(Deno.readDirSync(folder), ({ name }) => name).find((name) =>
        EVENTS.test(name)
      );
      if (found) {
        this.path = `${folder}/${found}`;
        Deno.truncateSync(this.path, intact(Deno.readFileSync(this.path), after));
      }
      if (!found || Deno.statSync(this.path).size === 0) this.#append(version());
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
  }

  /**
   * Appends one number: its tag, the step it belongs to, and when it was measured, in seconds since
   * 1970.
   */
  scalar(tag: string, value: number, step: number, seconds: number = Date.now() / 1000): void {
    try {
      this.#append(event(tag, value, step, seconds));
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
  }

  #append(message: readonly number[]): void {
    Deno.writeFileSync(this.path, frame(Uint8Array.from(message)), { append: true });
  }
}

const EVENTS = /^events\.out\.tfevents\.\d+\.retort$/;
const HEAD = 12;
const TAIL = 4;

/** The first message of a file. */
const version =
  (): number[] => [0x09, ...double(Date.now() / 1000), ...text(0x1a, utf8("brain.Event:2"))];

/**
 * An `Event` of a summary with one value; the step comes at byte 10, where `intact` looks for it.
 */
function event(tag: string, value: number, step: number, seconds: number): number[] {
  const scalar = [...text(0x0a, utf8(tag)), 0x15, ...float(value)];
  return [0x09, ...double(seconds), 0x10, ...varint(step), ...text(0x2a, text(0x0a, scalar))];
}

/** A TFRecord around these bytes. */
function frame(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEAD + bytes.length + TAIL);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, masked(record.subarray(0, 8)), true);
  record.set(bytes, HEAD);
  view.setUint32(HEAD + bytes.length, masked(bytes), true);
  return record;
}

/** How many bytes of a file are whole frames of steps up to `after`. */
function intact(bytes: Uint8Array, after: number): number {
  const view = new DataView(bytes.buffer);
  let kept = 0;
  while (
    kept + HEAD <= bytes.length &&
    view.getUint32(kept + 8, true) === masked(bytes.subarray(kept, kept + 8))
  ) {
    const end = kept + HEAD + Number(view.getBigUint64(kept, true));
    const message = bytes.subarray(kept + HEAD, end);
    if (
      end + TAIL > bytes.length || view.getUint32(end, true) !== masked(message) ||
      stepOf(message) > after
    ) break;
    kept = end + TAIL;
  }
  return kept;
}

/** The step of one of our events; of the file's first message, which has none, −1. */
function stepOf(message: Uint8Array): number {
  if (message[9] !== 0x10) return -1;
  let step = 0;
  for (let i = 10, unit = 1; i < message.length; i++, unit *= 128) {
    step += (message[i] & 0x7f) * unit;
    if (message[i] < 0x80) break;
  }
  return step;
}

/** TFRecord's checksum: rotated and shifted, so that checksums of checksums stay useful. */
function masked(bytes: Uint8Array): number {
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

/** The CRC-32C (Castagnoli, RFC 3720) of these bytes, an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff] ^ crc >>> 8;
  return ~crc >>> 0;
}
