/**
 * The safetensors format, on bytes: the header's length in 8 bytes, a JSON header with each
 * tensor's name, type, shape and place, then the tensors themselves, little-endian and without
 * gaps. Everything that a file says is checked.
 *
 * @module
 */
import { Failure } from "../values/failure.ts";
import { repeatedKey } from "../values/json.ts";
import { quoteText } from "../values/words.ts";
import { isNarrow, narrowBits, type NarrowDtype, widen } from "./narrow_floats.ts";

/** The array that holds a tensor's elements, by the name of their type in the file. */
export interface Arrays {
  /** One byte each, 0 or 1. */
  BOOL: Uint8Array;
  /** 8 bits, unsigned. */
  U8: Uint8Array;
  /** 8 bits, signed. */
  I8: Int8Array;
  /** 16 bits, unsigned. */
  U16: Uint16Array;
  /** 16 bits, signed. */
  I16: Int16Array;
  /** IEEE half precision. */
  F16: Float16Array;
  /** The bits of bfloat16: the upper half of an `F32`. */
  BF16: Uint16Array;
  /** 32 bits, unsigned. */
  U32: Uint32Array;
  /** 32 bits, signed. */
  I32: Int32Array;
  /** IEEE single precision. */
  F32: Float32Array;
  /** 64 bits, unsigned. */
  U64: BigUint64Array;
  /** 64 bits, signed. */
  I64: BigInt64Array;
  /** IEEE double precision. */
  F64: Float64Array;
}

/** The name of an element type in a file. */
export type Dtype = keyof Arrays;

/** A tensor of a file: element type, shape and elements, the last dimension running fastest. */
export type Entry<D extends Dtype = Dtype> = {
  [K in D]: { readonly dtype: K; readonly shape: readonly number[]; readonly data: Arrays[K] };
}[D];

/** The contents of a file. */
export interface Contents {
  /** The tensors by name, in the header's order. */
  readonly tensors: ReadonlyMap<string, Entry>;
  /** The strings that the writer added. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The array classes by element type. */
export const ARRAYS = {
  BOOL: Uint8Array,
  U8: Uint8Array,
  I8: Int8Array,
  U16: Uint16Array,
  I16: Int16Array,
  F16: Float16Array,
  BF16: Uint16Array,
  U32: Uint32Array,
  I32: Int32Array,
  F32: Float32Array,
  U64: BigUint64Array,
  I64: BigInt64Array,
  F64: Float64Array,
} as const;

const METADATA = "__metadata__";
const PREFIX = 8;

/**
 * The maximum length of a header in a file of so many bytes. A parsed header takes thirty times the
 * memory, which has to stay below twice the file's size. Headers of large networks have a few
 * hundred thousand bytes.
 */
const maxHeaderLength = (size: number): number => 2 ** 20 + Math.floor(size / 16);

/**
 * Encodes a file. Throws a `RangeError` if an entry's data is not of its type or does not fill its
 * shape.
 */
export function encode(
  tensors: ReadonlyMap<string, Entry>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const starts = new Map<string, number>();
  let size = 0;
  // The widest elements come first, so that every tensor starts at a multiple of its elements' size
  // and can be a view.
  for (
    const [name, { dtype, shape, data }] of [...tensors].sort(([, a], [, b]) =>
      width(b.dtype) - width(a.dtype)
    )
  ) {
    if (name === METADATA || !(data instanceof ARRAYS[dtype]) || data.length !== elements(shape)) {
      throw new RangeError(
        `tensor "${name}" with ${data.length} elements cannot be ${dtype} of shape [${shape}]`,
      );
    }
    starts.set(name, size);
    size += data.byteLength;
  }
  const header = writeHeader(tensors, starts, metadata);
  if (header.length > maxHeaderLength(size)) {
    throw new RangeError(`a header of ${header.length} bytes is too long for ${size} bytes`);
  }
  const bytes = new Uint8Array(header.length + size);
  bytes.set(header);
  for (const [name, { data }] of tensors) {
    bytes.set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      header.length + starts.get(name)!,
    );
  }
  return bytes;
}

/** Writes the length and the JSON, padded with spaces to a multiple of 8 bytes. */
function writeHeader(
  tensors: ReadonlyMap<string, Entry>,
  starts: ReadonlyMap<string, number>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  // Joined by hand, because an object would reorder names that look like numbers.
  const members = Object.keys(metadata).length > 0
    ? [`"${METADATA}":${JSON.stringify(metadata)}`]
    : [];
  for (const [name, { dtype, shape, data }] of tensors) {
    const start = starts.get(name)!;
    const place = { dtype, shape, data_offsets: [start, start + data.byteLength] };
    members.push(`${JSON.stringify(name)}:${JSON.stringify(place)}`);
  }
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  const length = Math.ceil(json.length / PREFIX) * PREFIX;
  const header = new Uint8Array(PREFIX + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, PREFIX);
  return header;
}

/**
 * Decodes a file's bytes. A tensor is a view of `bytes` if it is aligned, else a copy. Floats of 8
 * and 4 bits become `F32`. Throws a `Failure` (exit 3) that names the file as `name`, and the
 * tensor, if the bytes are not exactly such a file, or if it has elements of another type.
 */
export function decode(bytes: Uint8Array<ArrayBuffer>, name: string): Contents {
  const { json, end } = readHeader(bytes, name);
  const { [METADATA]: metadata = {}, ...members } = json;
  if (!isStrings(metadata)) throw corrupt(name, `its ${METADATA} is not a record of strings`);
  const places = Object.entries(members).map(([tensor, member]) => readPlace(tensor, member, name));
  checkPlaces(places, bytes.length - end, name);
  const tensors = new Map(places.map((place) => [place.tensor, view(place, bytes, end)]));
  return { tensors, metadata };
}

/**
 * Converts the elements to single precision, rounded to the nearest. An `F32` returns its own
 * array.
 */
export function toFloat32(entry: Entry): Float32Array {
  if (entry.dtype === "F32") return entry.data;
  const { data } = entry;
  if (entry.dtype === "BF16") {
    // Filled in place, because `from` would keep a list of numbers many times their size.
    const bits = new Uint32Array(data.length);
    for (let i = 0; i < bits.length; i++) bits[i] = entry.data[i] << 16;
    return new Float32Array(bits.buffer);
  }
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return Float32Array.from(data, Number);
  }
  return new Float32Array(data);
}

/**
 * The place of a tensor according to the header. It is consistent, but not yet checked against the
 * file.
 */
interface Place {
  readonly tensor: string;
  readonly dtype: Dtype | NarrowDtype;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** Reads the header's members and the place where the data begins. */
function readHeader(
  bytes: Uint8Array,
  name: string,
): { json: Record<string, unknown>; end: number } {
  if (bytes.length < PREFIX) throw corrupt(name, `it ends after ${bytes.length} bytes`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, PREFIX).getBigUint64(0, true);
  if (length > bytes.length - PREFIX) {
    throw corrupt(
      name,
      `its header should have ${length} bytes, but only ${bytes.length - PREFIX} follow`,
    );
  }
  if (length > maxHeaderLength(bytes.length)) {
    throw corrupt(
      name,
      `its header has ${length} bytes, more than the ${
        maxHeaderLength(bytes.length)
      } for a file of its size`,
    );
  }
  const end = PREFIX + Number(length);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(PREFIX, end),
    );
    const json: unknown = JSON.parse(text);
    if (!isRecord(json)) throw corrupt(name, "its header is not a JSON object");
    const twice = repeatedKey(text);
    if (twice !== undefined) throw corrupt(name, `its header has "${twice}" twice`);
    return { json, end };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw corrupt(name, `its header is not JSON (${(error as Error).message})`);
  }
}

/** Reads a tensor's member of the header and checks it by itself. */
function readPlace(tensor: string, member: unknown, name: string): Place {
  const wrong = (problem: string) => corrupt(name, `its tensor "${tensor}" ${problem}`);
  if (!isRecord(member)) throw wrong("is not described by an object");
  const { dtype, shape, data_offsets: offsets } = member;
  if (typeof dtype !== "string") throw wrong("has no element type");
  if (!isDtype(dtype) && !isNarrow(dtype)) {
    throw new Failure(
      3,
      `${name} is not read: its tensor ${quoteText(tensor)} has elements of the type ` +
        `${quoteText(dtype)}, which is not among ${Object.keys(ARRAYS).join(", ")}, F8_* and F4; ` +
        "convert it to F32 with the program that wrote it",
    );
  }
  if (!isSizes(shape)) throw wrong("has a shape that is not a list of whole numbers");
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw wrong("has offsets that are not two whole numbers");
  }
  const [start, end] = offsets;
  const size = elements(shape) * (isNarrow(dtype) ? narrowBits(dtype) / 8 : width(dtype));
  if (end - start !== size) {
    throw wrong(
      `of shape [${shape}] and type ${dtype} needs ${size} bytes, but has the offsets ${start} to ${end}`,
    );
  }
  return { tensor, dtype, shape, start, end };
}

/** Throws unless the tensors fill the data exactly, without overlaps or gaps. */
function checkPlaces(places: readonly Place[], size: number, name: string): void {
  let filled = 0;
  for (
    const { tensor, start, end } of [...places].sort((a, b) => a.start - b.start || a.end - b.end)
  ) {
    if (end > size) {
      throw corrupt(
        name,
        `its tensor "${tensor}" should end at byte ${end} of the data, which has only ${size}`,
      );
    }
    if (start < filled) throw corrupt(name, `its tensor "${tensor}" overlaps the one before it`);
    if (start > filled) {
      throw corrupt(name, `it has ${start - filled} unused bytes before its tensor "${tensor}"`);
    }
    filled = end;
  }
  if (filled < size) throw corrupt(name, `it has ${size - filled} unused bytes at its end`);
}

/** The tensor at a checked place. The data begins at byte `offset` of the file. */
function view(
  { dtype, shape, start, end }: Place,
  bytes: Uint8Array<ArrayBuffer>,
  offset: number,
): Entry {
  const part = bytes.subarray(offset + start, offset + end);
  if (isNarrow(dtype)) return { dtype: "F32", shape, data: widen(dtype, part) };
  const { buffer, byteOffset } = part.byteOffset % width(dtype) === 0 ? part : part.slice();
  const data = new ARRAYS[dtype](buffer, byteOffset, elements(shape));
  return { dtype, shape, data } as Entry;
}

const width = (dtype: Dtype): number => ARRAYS[dtype].BYTES_PER_ELEMENT;
const elements = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isStrings = (value: unknown): value is Record<string, string> =>
  isRecord(value) && Object.values(value).every((one) => typeof one === "string");
const isDtype = (value: string): value is Dtype => Object.hasOwn(ARRAYS, value);
const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);

const corrupt = (name: string, problem: string): Failure =>
  new Failure(3, `${name} is damaged: ${problem}`);
