import { crc32 } from "node:zlib";

/** An entry of a zip as some program might write it. */
export interface ZipEntry {
  readonly name: string | Uint8Array;
  readonly content?: Uint8Array;
  /** General purpose flags: 0x800 for a name in UTF-8. Default: 0. */
  readonly flags?: number;
  /** The system that packed it: 0 DOS and Windows, 3 Unix, 19 macOS. Default: 3. */
  readonly system?: number;
  /** The number of its method of compression. Default: 0, stored. */
  readonly method?: number;
  /** Extra fields. Default: none. */
  readonly extra?: Uint8Array;
}

/** Makes a zip of stored entries, whose names, flags and fields are as given. */
export function zipFile(entries: readonly ZipEntry[]): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  const directory: number[] = [];
  for (const { name, content = new Uint8Array(), flags = 0, system = 3, ...rest } of entries) {
    const bytes = typeof name === "string" ? new TextEncoder().encode(name) : name;
    const { method = 0, extra = new Uint8Array() } = rest;
    const common = [
      ...number(2, 20, flags, method, 0, 0),
      ...number(4, crc32(content), content.length, content.length),
      ...number(2, bytes.length, extra.length),
    ];
    directory.push(...number(4, 0x02014b50), 20, system, ...common, ...number(2, 0, 0, 0));
    directory.push(...number(4, 0, out.length), ...bytes, ...extra);
    out.push(...number(4, 0x04034b50), ...common, ...bytes, ...extra, ...content);
  }
  const end = [
    ...number(4, 0x06054b50),
    ...number(2, 0, 0, entries.length, entries.length),
    ...number(4, directory.length, out.length),
    ...number(2, 0),
  ];
  return Uint8Array.from([...out, ...directory, ...end]);
}

const number = (bytes: number, ...values: readonly number[]): number[] =>
  values.flatMap((value) =>
    Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256)
  );

/** Info-ZIP's extra field with a name in UTF-8, for an entry whose stored name is `stored`. */
export function unicodePath(name: string, stored: Uint8Array): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  const content = [1, ...number(4, crc32(stored)), ...bytes];
  return Uint8Array.from([...number(2, 0x7075, content.length), ...content]);
}
