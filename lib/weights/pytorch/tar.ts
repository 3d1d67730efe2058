import type { ByteSource } from "../../files/byte_source.ts";
import { refuseDamaged } from "../refused.ts";

/** The place of bytes in a file. */
export interface Place {
  readonly position: number;
  /** In bytes. */
  readonly size: number;
}

const BLOCK = 512;

/** Locates the files of a tar archive (POSIX ustar). Throws a `FileRefused` if it ends early. */
export function tarEntries(source: ByteSource): Map<string, Place> {
  const entries = new Map<string, Place>();
  for (let at = 0; at + BLOCK <= source.size;) {
    const header = source.read(at, BLOCK);
    const field = (start: number, length: number) =>
      new TextDecoder().decode(header.subarray(start, start + length)).replace(/\0.*$/s, "").trim();
    const name = field(0, 100);
    if (name === "") break;
    const size = /^[0-7]*$/.test(field(124, 12)) ? parseInt(`0${field(124, 12)}`, 8) : NaN;
    const position = at + BLOCK;
    if (!(position + size <= source.size)) throw refuseDamaged("its tar ends early");
    if (["", "0"].includes(field(156, 1))) {
      entries.set(name.replace(/^\.\//, ""), { position, size });
    }
    at = position + Math.ceil(size / BLOCK) * BLOCK;
  }
  return entries;
}
