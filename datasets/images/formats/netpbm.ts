import type { ByteImage } from "../../../lib/data/bytes/byte_image.ts";
import { rgb } from "./rgb_image.ts";

/**
 * Decodes a PGM or PPM file, binary or as text, whose values are scaled to 0 … 255. Throws an Error
 * with the reason if it is damaged or ends early.
 */
export function decodeNetpbm(bytes: Uint8Array): ByteImage {
  const text = new TextDecoder("latin1").decode(bytes);
  const header = /^P([2356])((?:\s|#[^\n]*\n)+\d+){3}\s/.exec(text);
  if (!header) throw new Error("its header is damaged");
  const kind = Number(header[1]);
  const numbers = (part: string) => part.replace(/#[^\n]*/g, " ").match(/\d+/g)?.map(Number) ?? [];
  const [width, height, largest] = numbers(header[0].slice(2));
  if (!(width > 0 && height > 0 && largest > 0 && largest < 65536)) {
    throw new Error("its header has numbers out of range");
  }
  const channels = kind % 3 === 0 ? 3 : 1;
  const values = kind < 5
    ? numbers(text.slice(header[0].length))
    : binary(bytes.subarray(header[0].length), largest > 255);
  const count = width * height * channels;
  if (values.length < count) throw new Error("its pixels end early");
  const scaled = Uint8ClampedArray.from(
    { length: count },
    (_, i) => values[i] / largest * 255,
  );
  return { width, height, data: rgb(scaled, channels) };
}

function binary(bytes: Uint8Array, isWide: boolean): ArrayLike<number> {
  if (!isWide) return bytes;
  return Array.from(
    { length: bytes.length >> 1 },
    (_, i) => bytes[2 * i] << 8 | bytes[2 * i + 1],
  );
}
