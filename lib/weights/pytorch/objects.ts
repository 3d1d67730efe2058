import { refuseForeign } from "../refused.ts";
import { quoteText } from "../../values/words.ts";
import type { Value } from "../value.ts";
import type { ElementType } from "./element_types.ts";

/**
 * A value of a pickle. Lists, tuples and sets are arrays, dictionaries are maps. A bigint is a
 * number beyond 2⁵³.
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
  | PickledObject
  | Storage
  | TorchTensor;

/** A tensor in a file. */
export type TorchTensor = PickledTensor | DerivedTensor;

/** Python's ways to run a program. No checkpoint has a use for them. */
const RUNS =
  /^((os|posix|nt|subprocess|pty|runpy|socket|webbrowser)\..+|(builtins|__builtin__)\.(eval|exec|execfile|compile|open|__import__|breakpoint))$/;

/** A Python name that a file mentions, such as `torch.FloatStorage`. */
export class PickledName {
  /** The module and the name in it. */
  readonly name: string;

  /** Throws a `FileRefused` with the name if it is one of those that run programs. */
  constructor(name: string) {
    if (RUNS.test(name)) throw refuseForeign(`asks for the Python name ${quoteText(name)}`);
    this.name = name;
  }
}

/** An object of a class that is not known here. It is inert: its parts, as they lie in the file. */
export class PickledObject {
  /** The Python name of what makes it, or what it is in words. */
  readonly kind: string;
  readonly args: readonly Pickled[];
  /** Its attributes, as Python would set them. */
  state: Pickled = null;
  /** Its items, if it is a dict. */
  readonly items: Map<Pickled, Pickled> = new Map();

  constructor(kind: string, args: readonly Pickled[] = []) {
    this.kind = kind;
    this.args = args;
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
  readonly dtype: ElementType;
  /** Its name in the file. */
  readonly key: string;
  /** The number of elements, according to the file. */
  readonly length: number;
  /** The part in use. Default: all of it. */
  readonly part: Extent;
  /** Its bytes, if they lie in the pickle itself, as NumPy's do. */
  readonly bytes?: Uint8Array;

  constructor(
    dtype: ElementType,
    key: string,
    length: number,
    part: Extent = { offset: 0, length },
    bytes?: Uint8Array,
  ) {
    this.dtype = dtype;
    this.key = key;
    this.length = length;
    this.part = part;
    if (bytes) this.bytes = bytes;
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

/** A tensor that is computed from others, such as a quantised one. */
export class DerivedTensor {
  readonly shape: readonly number[];
  readonly parts: readonly PickledTensor[];
  /**
   * Computes the elements from the values of the parts. Throws a `FileRefused` if these do not fit
   * together.
   */
  readonly derive: (parts: readonly Value[]) => Float32Array;

  constructor(
    shape: readonly number[],
    parts: readonly PickledTensor[],
    derive: (parts: readonly Value[]) => Float32Array,
  ) {
    this.shape = shape;
    this.parts = parts;
    this.derive = derive;
  }
}

/** Whether a value is a tensor. */
export const isTensor = (value: Pickled | undefined): value is TorchTensor =>
  value instanceof PickledTensor || value instanceof DerivedTensor;

/** Whether a value is a whole number from 0 on. */
export const isCount = (value: Pickled | undefined): value is number =>
  Number.isSafeInteger(value) && value as number >= 0;

/** Whether a value is a list of whole numbers from 0 on. */
export const isCounts = (value: Pickled | undefined): value is number[] =>
  Array.isArray(value) && value.every(isCount);

/** The number of elements of a shape. Infinity if there are too many to count. */
export const countOf = (shape: readonly number[]): number =>
  shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);

/** The strides of a tensor whose elements follow one another, the last dimension running fastest. */
export const packedStrides = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));

/** The kind of a value, for messages. */
export function kindOf(value: Pickled): string {
  if (value instanceof Map) return "a dict";
  if (Array.isArray(value)) return "a list";
  if (isTensor(value)) return "a tensor";
  if (value instanceof Storage) return "a storage";
  if (value instanceof PickledName) return quoteText(value.name);
  if (value instanceof PickledObject) return kindText(value.kind);
  if (value instanceof Uint8Array) return "bytes";
  return value === null
    ? "None"
    : { string: "a string", boolean: "a boolean" }[typeof value as string] ?? "a number";
}

/** Quotes a name where it is odd, but not what is said in words. */
const kindText = (kind: string): string => /^an? [\w .,]+$/.test(kind) ? kind : quoteText(kind);
