import { quoteText } from "../../values/words.ts";
import { refuseDamaged, refuseForeign } from "../refused.ts";
import type { Dtype } from "../safetensors.ts";

/**
 * A value of a pickle. Lists and tuples are arrays, dictionaries are maps. A bigint is a number
 * beyond 2⁵³.
 */
export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Pickled[]
  | Map<Pickled, Pickled>
  | PickledName
  | Storage
  | PickledTensor;

/** A Python name that a file may mention, such as `torch.FloatStorage`. */
export class PickledName {
  /** The module and the name in it. */
  readonly name: string;

  /** Throws a `FileRefused` with the name if it is not a known one. */
  constructor(name: string) {
    if (!Object.hasOwn(STORAGES, name) && !Object.hasOwn(CALLS, name) && !DTYPE.test(name)) {
      throw refuseForeign(`asks for the Python name ${quoteText(name)}`);
    }
    this.name = name;
  }
}

/** A range of elements of a storage. */
export interface Extent {
  readonly offset: number;
  /** The number of elements. */
  readonly length: number;
}

/** An array of numbers in a file. Tensors lie in it. */
export class Storage {
  readonly dtype: Dtype;
  /** Its name in the file. */
  readonly key: string;
  /** The number of elements, according to the file. */
  readonly length: number;
  /** The part in use. Default: all of it. */
  readonly part: Extent;

  constructor(dtype: Dtype, key: string, length: number, part: Extent = { offset: 0, length }) {
    this.dtype = dtype;
    this.key = key;
    this.length = length;
    this.part = part;
  }
}

/**
 * A tensor by its place in a storage. Whether the storage has so many elements is not checked yet.
 */
export class PickledTensor {
  readonly storage: Storage;
  /** The first element in the storage. */
  readonly offset: number;
  /** The size of each dimension. */
  readonly shape: readonly number[];
  /** The distance between neighbours along each dimension, in elements. */
  readonly strides: readonly number[];

  constructor(
    storage: Storage,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/**
 * Builds the object of a call. Throws a `FileRefused` if the name cannot be called, or not with
 * these arguments.
 */
export function buildObject(callee: Pickled, args: Pickled): Pickled {
  if (!(callee instanceof PickledName) || !Object.hasOwn(CALLS, callee.name)) {
    throw refuseForeign(`calls ${callee instanceof PickledName ? callee.name : kindOf(callee)}`);
  }
  if (!Array.isArray(args)) {
    throw refuseDamaged(`it calls ${callee.name} without a tuple of arguments`);
  }
  return CALLS[callee.name](args);
}

/**
 * Reads a storage from a persistent id: `("storage", type, key, location, length, part)`, the part
 * optional.
 */
export function readStorage(id: Pickled): Storage {
  if (!Array.isArray(id) || id[0] !== "storage") {
    throw refuseForeign("refers to something that is not a storage");
  }
  const [, type, key, , length, part = null] = id;
  const dtype = type instanceof PickledName ? STORAGES[type.name] : undefined;
  if (!dtype || !isKey(key) || !isCount(length)) {
    throw refuseDamaged("one of its storages is described wrongly");
  }
  if (part === null) return new Storage(dtype, String(key), length);
  const [, offset, count] = Array.isArray(part) ? part : [];
  if (!isCount(offset) || !isCount(count) || offset + count > length) {
    throw refuseDamaged(
      `it takes a part of its storage ${quoteText(String(key))} that is not in it`,
    );
  }
  return new Storage(dtype, String(key), length, { offset, length: count });
}

/** The kind of a value, for messages. */
export function kindOf(value: Pickled): string {
  if (value instanceof Map) return "a dict";
  if (Array.isArray(value)) return "a list";
  if (value instanceof PickledTensor) return "a tensor";
  if (value instanceof Storage) return "a storage";
  if (value instanceof PickledName) return value.name;
  if (value instanceof Uint8Array) return "bytes";
  return value === null
    ? "None"
    : { string: "a string", boolean: "a boolean" }[typeof value as string] ?? "a number";
}

const STORAGES: Readonly<Record<string, Dtype>> = {
  "torch.FloatStorage": "F32",
  "torch.DoubleStorage": "F64",
  "torch.HalfStorage": "F16",
  "torch.BFloat16Storage": "BF16",
  "torch.LongStorage": "I64",
  "torch.IntStorage": "I32",
  "torch.ShortStorage": "I16",
  "torch.CharStorage": "I8",
  "torch.ByteStorage": "U8",
  "torch.BoolStorage": "BOOL",
};

/** Element types, which some files have beside the weights. */
const DTYPE =
  /^torch\.(float|bfloat|u?int)(8|16|32|64)$|^torch\.(half|double|short|int|long|bool)$/;

const CALLS: Readonly<Record<string, (args: Pickled[]) => Pickled>> = {
  "collections.OrderedDict": ([pairs = []]) => buildDict(pairs),
  "torch._utils._rebuild_tensor": buildTensor,
  "torch._utils._rebuild_tensor_v2": buildTensor,
  "torch._utils._rebuild_parameter": ([data = null]) => data,
  "torch.Size": ([sizes = []]) => sizes,
  "torch.device": ([type = null]) => type,
  // Protocols below 3 have no opcode for bytes.
  "_codecs.encode": ([text = null]) => encodeLatin1(text),
  "__builtin__.bytes": () => new Uint8Array(),
};

function buildTensor([storage, offset, shape, strides]: Pickled[]): PickledTensor {
  if (
    !(storage instanceof Storage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides) ||
    shape.length !== strides.length || shape.length > 64
  ) {
    throw refuseDamaged(
      "one of its tensors is described wrongly: sizes, strides and offset have to be whole numbers from 0 on",
    );
  }
  // Copied, because the file could still change its lists.
  return new PickledTensor(storage, offset, [...shape], [...strides]);
}

function buildDict(pairs: Pickled): Map<Pickled, Pickled> {
  if (!Array.isArray(pairs)) {
    throw refuseDamaged("it makes a dict of something that is not a list of pairs");
  }
  return new Map(pairs.map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw refuseDamaged("it makes a dict of something that is not a list of pairs");
    }
    return [pair[0], pair[1]];
  }));
}

function encodeLatin1(text: Pickled): Uint8Array {
  if (typeof text !== "string") {
    throw refuseDamaged("it makes bytes of something that is not a string");
  }
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

const isCount = (value: Pickled | undefined): value is number =>
  Number.isSafeInteger(value) && value as number >= 0;
const isCounts = (value: Pickled | undefined): value is number[] =>
  Array.isArray(value) && value.every(isCount);
const isKey = (value: Pickled | undefined): value is string | number =>
  typeof value === "string" || typeof value === "number";
