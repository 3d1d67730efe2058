import { crc32, inflateRawSync } from "node:zlib";
import { Failure, messageOf } from "../values/failure.ts";
import { type ByteSource, fileSource } from "./byte_source.ts";
import { staysInside } from "./path_safety.ts";

/** A zip file with a checked central directory. Entries stay on the disk until they are read. */
export interface Zip {
  /** Names of all entries, as in the file. Names of folders end with a slash. */
  readonly names: readonly string[];
  /**
   * Unpacked size of an entry in bytes, as the file declares it. `undefined` if there is no such
   * entry.
   */
  size(name: string): number | undefined;
  /** CRC-32 of an entry's bytes, as the file declares it. `undefined` if there is no such entry. */
  crc(name: string): number | undefined;
  /**
   * Returns the bytes of one entry, unpacked and checked by their CRC-32. Throws a `Failure` (exit
   * 3) that names zip and entry if this fails.
   */
  read(name: string): Uint8Array<ArrayBuffer>;
}

/** A zip file that the caller closes. */
export interface OpenZip extends Zip {
  close(): void;
}

/** An entry of the central directory. */
interface Entry {
  readonly name: string;
  readonly encrypted: boolean;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const STORED = 0;
const DEFLATED = 8;

/**
 * Opens a zip file by its central directory (PKWARE's APPNOTE 6.3, zip64 included). Throws a
 * `Failure` (exit 3) if there is none, as after an incomplete download, or if a name leads out of
 * the folder.
 */
export function openZip(path: string): OpenZip {
  const file = fileSource(path);
  try {
    return { ...readZip(file), close: () => file[Symbol.dispose]() };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/**
 * Opens the zip in a source, which has to stay open as long as the zip. Throws like `openZip`, and
 * if there are more than `most` entries. Default: no limit.
 */
export function readZip(source: ByteSource, most = Infinity): Zip {
  const entries = new Map(readDirectory(source, most).map((entry) => [entry.name, entry]));
  return {
    names: [...entries.keys()],
    size: (name) => entries.get(name)?.size,
    crc: (name) => entries.get(name)?.crc,
    read: (name) => unpack(source, entries.get(name), name),
  };
}

/**
 * Returns a view of `length` bytes of the source from `position`. Throws a RangeError if it is
 * shorter.
 */
function viewAt(source: ByteSource, position: number, length: number): DataView<ArrayBuffer> {
  return new DataView(source.read(position, length).buffer);
}

/** Reads a 64-bit number. It is exact here, since no file has 2⁵³ bytes. */
const uint64 = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

/** Reads all entries of the central directory. */
function readDirectory(source: ByteSource, most: number): Entry[] {
  const broken = (why: string) =>
    new Failure(
      3,
      `${source.name} is no zip file, or only a part of one (${why}): download or pack it again`,
    );
  try {
    const end = findDirectory(source);
    if (!end) throw broken("it has no table of contents at its end");
    if (end.count > most) throw broken(`it lists ${end.count} entries instead of at most ${most}`);
    const view = viewAt(source, end.offset, end.size);
    const entries: Entry[] = [];
    for (let at = 0; entries.length < end.count;) {
      if (view.getUint32(at, true) !== CENTRAL) {
        throw broken(`entry ${entries.length} of its table of contents is damaged`);
      }
      const names = view.getUint16(at + 28, true);
      const extras = view.getUint16(at + 30, true);
      const entry = parseEntry(view, at, names, extras);
      if (!staysInside(entry.name)) {
        throw new Failure(
          3,
          `${source.name} is refused: the name ${
            JSON.stringify(entry.name)
          } in it leads out of its folder`,
        );
      }
      entries.push(entry);
      at += 46 + names + extras + view.getUint16(at + 32, true);
    }
    return entries;
  } catch (error) {
    throw error instanceof RangeError ? broken(error.message) : error;
  }
}

/** Finds the central directory and its number of entries. `undefined` if there is none. */
function findDirectory(
  source: ByteSource,
): { offset: number; size: number; count: number } | undefined {
  const start = Math.max(0, source.size - 22 - 0xffff);
  const tail = viewAt(source, start, source.size - start);
  let at = tail.byteLength - 22;
  // A comment of unknown length follows the record, so only a fitting length identifies it.
  while (
    at >= 0 &&
    !(tail.getUint32(at, true) === END &&
      at + 22 + tail.getUint16(at + 20, true) === tail.byteLength)
  ) at--;
  if (at < 0) return undefined;
  if (start + at >= 20) {
    const locator = viewAt(source, start + at - 20, 20);
    if (locator.getUint32(0, true) === LOCATOR64) {
      const end = viewAt(source, uint64(locator, 8), 56);
      if (end.getUint32(0, true) !== END64) return undefined;
      return { count: uint64(end, 32), size: uint64(end, 40), offset: uint64(end, 48) };
    }
  }
  return {
    count: tail.getUint16(at + 10, true),
    size: tail.getUint32(at + 12, true),
    offset: tail.getUint32(at + 16, true),
  };
}

/**
 * Parses an entry of the central directory. Its sizes are in a zip64 extra field if 32 bits are too
 * few.
 */
function parseEntry(view: DataView<ArrayBuffer>, at: number, names: number, extras: number): Entry {
  let packed = view.getUint32(at + 20, true);
  let size = view.getUint32(at + 24, true);
  let offset = view.getUint32(at + 42, true);
  const end = at + 46 + names + extras;
  for (
    let field = at + 46 + names;
    field + 4 <= end;
    field += 4 + view.getUint16(field + 2, true)
  ) {
    if (view.getUint16(field, true) !== 1) continue;
    let next = field + 4 - 8;
    if (size === 0xffffffff) size = uint64(view, next += 8);
    if (packed === 0xffffffff) packed = uint64(view, next += 8);
    if (offset === 0xffffffff) offset = uint64(view, next += 8);
  }
  return {
    name: new TextDecoder().decode(new Uint8Array(view.buffer, at + 46, names)),
    encrypted: (view.getUint16(at + 8, true) & 1) === 1,
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packed,
    size,
    offset,
  };
}

/** Unpacks an entry. */
function unpack(
  source: ByteSource,
  entry: Entry | undefined,
  name: string,
): Uint8Array<ArrayBuffer> {
  const broken = (why: string) =>
    new Failure(
      3,
      `${source.name}: ${name} cannot be read (${why}): download or pack the zip again`,
    );
  if (!entry) throw broken("it is not in the zip");
  if (entry.encrypted) throw broken("it is encrypted");
  if (entry.method !== STORED && entry.method !== DEFLATED) {
    throw broken(`compression method ${entry.method} is not supported`);
  }
  try {
    const local = viewAt(source, entry.offset, 30);
    if (local.getUint32(0, true) !== LOCAL) {
      throw new RangeError("no entry begins where the table of contents says");
    }
    const start = entry.offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
    const packed = source.read(start, entry.packed);
    // Without this bound, an entry with a false size could fill the memory.
    const bytes = entry.method === STORED
      ? packed
      : new Uint8Array(inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) }));
    if (bytes.length !== entry.size) {
      throw new RangeError(`${bytes.length} bytes instead of ${entry.size}`);
    }
    // PyTorch has an option to omit the CRC-32. It then writes 0.
    if (entry.crc !== 0 && crc32(bytes) !== entry.crc) throw new RangeError("its CRC-32 is wrong");
    return bytes;
  } catch (error) {
    throw broken(messageOf(error));
  }
}
