import { constants, crc32, inflateRawSync } from "node:zlib";
import { Failure, messageOf } from "../values/failure.ts";
import { type ByteSource, fileSource } from "./byte_source.ts";
import { staysInside } from "./path_safety.ts";
import { decodeNames, type StoredName } from "./zip_names.ts";

/** A zip file with a checked central directory. Entries stay on the disk until they are read. */
export interface Zip {
  /** Names of all entries. Names of folders end with a slash. */
  readonly names: readonly string[];
  /** The first name whose encoding was guessed: code page 437. `undefined` if there is none. */
  readonly guessed?: string;
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
  /**
   * Reads the bytes of one entry part by part, so that its size does not matter. Rejects as `read`
   * throws: if the CRC-32 is wrong, after the last part.
   */
  parts(name: string): AsyncIterable<Uint8Array>;
  /**
   * Returns at most `length` bytes from the beginning of an entry, up to 1000, not checked by its
   * CRC-32. Throws like `read`.
   */
  head(name: string, length: number): Uint8Array<ArrayBuffer>;
}

/** A zip file that the caller closes. */
export interface OpenZip extends Zip {
  close(): void;
}

/** An entry of the central directory. */
interface Entry {
  readonly name: StoredName;
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

/** Methods of compression that other programs use, by APPNOTE 4.4.5. */
const OTHER_METHODS: Readonly<Record<number, string>> = {
  1: "Shrink",
  6: "Implode",
  9: "Deflate64",
  12: "bzip2",
  14: "LZMA",
  93: "Zstandard",
  95: "XZ",
  98: "PPMd",
};

/**
 * Opens a zip file by its central directory (PKWARE's APPNOTE 6.3, zip64 included). Throws a
 * `Failure` (exit 3) if there is none, as after an incomplete download, if it is a part of several,
 * or if a name leads out of the folder, cannot be decoded or is there twice.
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
  const refused = (why: string) => new Failure(3, `${source.name} is refused: ${why}`);
  const all = readDirectory(source, most);
  const { names, guessed } = namesOf(all, refused);
  const entries = new Map<string, Entry>();
  names.forEach((name, i) => {
    if (!staysInside(name)) {
      const fault = name.includes("\\") ? "has a backslash" : "leads out of its folder";
      throw refused(`the name ${JSON.stringify(name)} in it ${fault}`);
    }
    if (entries.has(name) && !name.endsWith("/")) {
      throw refused(`${JSON.stringify(name)} is in it more than once: pack it again`);
    }
    entries.set(name, all[i]);
  });
  return {
    names: [...entries.keys()],
    guessed,
    size: (name) => entries.get(name)?.size,
    crc: (name) => entries.get(name)?.crc,
    read: (name) => unpack(source, entries.get(name), name, readAll),
    parts: (name) => unpackParts(source, entries.get(name), name),
    head: (name, length) => unpack(source, entries.get(name), name, readHead).slice(0, length),
  };
}

function namesOf(entries: readonly Entry[], refused: (why: string) => Failure) {
  try {
    return decodeNames(entries.map(({ name }) => name));
  } catch (error) {
    throw refused(messageOf(error));
  }
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
    if (!end) throw otherArchive(source) ?? broken("it has no table of contents at its end");
    const view = viewAt(source, end.offset + end.shift, end.size);
    const entries: Entry[] = [];
    const hasEntry = (at: number) => at + 4 <= end.size && view.getUint32(at, true) === CENTRAL;
    // macOS writes the number of entries without its multiples of 65,536.
    for (let at = 0; entries.length < end.count || hasEntry(at);) {
      const count = Math.max(end.count, entries.length + 1);
      if (count > most) throw broken(`it lists ${count} entries instead of at most ${most}`);
      if (view.getUint32(at, true) !== CENTRAL) {
        throw broken(`entry ${entries.length} of its table of contents is damaged`);
      }
      const nameLength = view.getUint16(at + 28, true);
      const extraLength = view.getUint16(at + 30, true);
      entries.push(parseEntry(view, at, nameLength, extraLength, end.shift));
      at += 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    }
    if ((entries.length - end.count) % 65536 !== 0) {
      throw broken(`it lists ${end.count} entries and has ${entries.length}`);
    }
    return entries;
  } catch (error) {
    throw error instanceof RangeError ? broken(error.message) : error;
  }
}

/** The place of the central directory. */
interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
  /** The bytes before the zip, as of a program that unpacks it, which no offset counts. */
  readonly shift: number;
}

/** Finds the central directory. `undefined` if there is none. */
function findDirectory(source: ByteSource): Directory | undefined {
  const start = Math.max(0, source.size - 22 - 0xffff);
  const tail = viewAt(source, start, source.size - start);
  // Some programs fill the last block of a file with zeros.
  const length = new Uint8Array(tail.buffer).findLastIndex((byte) => byte !== 0) + 1;
  let at = tail.byteLength - 22;
  // A comment of unknown length follows the record, so only a fitting length identifies it. The
  // record itself may end in zeros.
  const isFitting = (end: number) => end >= length && end <= tail.byteLength;
  while (
    at >= 0 &&
    !(tail.getUint32(at, true) === END && isFitting(at + 22 + tail.getUint16(at + 20, true)))
  ) at--;
  if (at < 0) return undefined;
  const disk = tail.getUint16(at + 4, true);
  if (disk !== 0 && disk !== 0xffff) {
    throw new Failure(
      3,
      `${source.name} is the last of several parts of a zip: pack it as one file`,
    );
  }
  if (start + at >= 20) {
    const locator = viewAt(source, start + at - 20, 20);
    if (locator.getUint32(0, true) === LOCATOR64) {
      const end = viewAt(source, uint64(locator, 8), 56);
      if (end.getUint32(0, true) !== END64) return undefined;
      return { count: uint64(end, 32), size: uint64(end, 40), offset: uint64(end, 48), shift: 0 };
    }
  }
  const size = tail.getUint32(at + 12, true);
  const offset = tail.getUint32(at + 16, true);
  const shift = start + at - size - offset;
  return shift < 0 ? undefined : { count: tail.getUint16(at + 10, true), size, offset, shift };
}

/** How archives of other formats begin, as Latin-1 text. */
const OTHER_ARCHIVES: Readonly<Record<string, string>> = {
  gzip: "\x1f\x8b",
  RAR: "Rar!",
  "7z": "7z\xbc\xaf\x27\x1c",
  xz: "\xfd7zXZ",
  bzip2: "BZh",
};

/** The failure about a file that is an archive of another format. `undefined` if it is none. */
function otherArchive(source: ByteSource): Failure | undefined {
  const head = String.fromCharCode(...source.read(0, Math.min(8, source.size)));
  const format = Object.keys(OTHER_ARCHIVES).find((one) => head.startsWith(OTHER_ARCHIVES[one]));
  return format === undefined
    ? undefined
    : new Failure(3, `${source.name} is an archive of ${format}, not a zip: unpack it`);
}

/**
 * Parses an entry of the central directory. Its sizes are in a zip64 extra field if 32 bits are too
 * few.
 */
function parseEntry(
  view: DataView<ArrayBuffer>,
  at: number,
  nameLength: number,
  extraLength: number,
  shift: number,
): Entry {
  let packed = view.getUint32(at + 20, true);
  let size = view.getUint32(at + 24, true);
  let offset = view.getUint32(at + 42, true);
  let unicodePath: Uint8Array<ArrayBuffer> | undefined;
  const end = at + 46 + nameLength + extraLength;
  for (
    let field = at + 46 + nameLength;
    field + 4 <= end;
    field += 4 + view.getUint16(field + 2, true)
  ) {
    const id = view.getUint16(field, true);
    if (id === UNICODE_PATH) {
      unicodePath = bytesAt(view, field + 4, view.getUint16(field + 2, true));
    }
    if (id !== ZIP64) continue;
    let next = field + 4 - 8;
    if (size === 0xffffffff) size = uint64(view, next += 8);
    if (packed === 0xffffffff) packed = uint64(view, next += 8);
    if (offset === 0xffffffff) offset = uint64(view, next += 8);
  }
  const flags = view.getUint16(at + 8, true);
  return {
    name: {
      bytes: bytesAt(view, at + 46, nameLength),
      isUtf8: (flags & 0x800) !== 0,
      isDos: view.getUint8(at + 5) === 0,
      unicodePath,
    },
    encrypted: (flags & 1) === 1,
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packed,
    size,
    offset: offset + shift,
  };
}

const ZIP64 = 1;
const UNICODE_PATH = 0x7075;

/** A copy of some bytes of a view. Throws a RangeError if it is shorter. */
function bytesAt(view: DataView<ArrayBuffer>, at: number, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer, view.byteOffset + at, length).slice();
}

/** Unpacks an entry by `read`, which gets the place of its packed bytes. */
function unpack(
  source: ByteSource,
  entry: Entry | undefined,
  name: string,
  read: (source: ByteSource, entry: Entry, start: number) => Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const known = checkEntry(source, entry, name);
  try {
    return read(source, known, startOf(source, known));
  } catch (error) {
    throw unreadable(source, name, messageOf(error));
  }
}

/** Unpacks an entry part by part. */
async function* unpackParts(
  source: ByteSource,
  entry: Entry | undefined,
  name: string,
): AsyncGenerator<Uint8Array> {
  const known = checkEntry(source, entry, name);
  let size = 0;
  let crc = 0;
  try {
    const packed = ReadableStream.from(packedParts(source, known));
    const unpacked = known.method === STORED
      ? packed
      : packed.pipeThrough(new DecompressionStream("deflate-raw"));
    for await (const part of unpacked) {
      size += part.length;
      crc = crc32(part, crc);
      if (size > known.size) break;
      yield part;
    }
    checkUnpacked(known, size, crc);
  } catch (error) {
    throw unreadable(source, name, messageOf(error));
  }
}

/** Throws a RangeError if an entry unpacks to bytes of another number or CRC-32 than it declares. */
function checkUnpacked(entry: Entry, size: number, crc: number): void {
  if (size !== entry.size) throw new RangeError(`${size} bytes instead of ${entry.size}`);
  // PyTorch has an option to omit the CRC-32. It then writes 0.
  if (entry.crc !== 0 && crc !== entry.crc) throw new RangeError("its CRC-32 is wrong");
}

/** Bytes that are read at a time. */
const PART = 2 ** 18;

/** The packed bytes of an entry, part by part. */
function* packedParts(source: ByteSource, entry: Entry): Generator<Uint8Array<ArrayBuffer>> {
  const start = startOf(source, entry);
  for (let at = 0; at < entry.packed; at += PART) {
    yield source.read(start + at, Math.min(PART, entry.packed - at));
  }
}

const unreadable = (
  source: ByteSource,
  name: string,
  why: string,
  wayOut = "download or pack the zip again",
) => new Failure(3, `${source.name}: ${name} cannot be read (${why}): ${wayOut}`);

/** Returns the entry. Throws a `Failure` (exit 3) if there is none that can be unpacked. */
function checkEntry(source: ByteSource, entry: Entry | undefined, name: string): Entry {
  if (!entry) throw unreadable(source, name, "it is not in the zip");
  if (entry.encrypted) {
    throw unreadable(source, name, "it is encrypted", "pack the zip again without a password");
  }
  if (entry.method !== STORED && entry.method !== DEFLATED) {
    const method = OTHER_METHODS[entry.method] ?? `method ${entry.method}`;
    throw unreadable(
      source,
      name,
      `it is compressed by ${method}`,
      "pack the zip again by Deflate",
    );
  }
  return entry;
}

/** The place of an entry's packed bytes. Throws a RangeError if no entry begins where it should. */
function startOf(source: ByteSource, { offset }: Entry): number {
  const local = viewAt(source, offset, 30);
  if (local.getUint32(0, true) !== LOCAL) {
    throw new RangeError("no entry begins where the table of contents says");
  }
  return offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
}

/** Most bytes of a deflated entry. No image has as many, and PyTorch deflates nothing. */
const MOST_UNPACKED = 2 ** 30;

function readAll(source: ByteSource, entry: Entry, start: number): Uint8Array<ArrayBuffer> {
  if (entry.method === DEFLATED && entry.size > MOST_UNPACKED) {
    throw new RangeError(`it would unpack to ${entry.size} bytes`);
  }
  const packed = source.read(start, entry.packed);
  // Without this bound, an entry with a false size could fill the memory.
  const bytes = entry.method === STORED
    ? packed
    : new Uint8Array(inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) }));
  checkUnpacked(entry, bytes.length, entry.crc === 0 ? 0 : crc32(bytes));
  return bytes;
}

/** Reads what the first 1000 packed bytes of an entry hold. */
function readHead(source: ByteSource, entry: Entry, start: number): Uint8Array<ArrayBuffer> {
  const packed = source.read(start, Math.min(1000, entry.packed));
  if (entry.method === STORED) return packed;
  return new Uint8Array(inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH }));
}
