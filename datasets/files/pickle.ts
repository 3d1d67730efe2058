/**
 * Reads pickles of plain values and NumPy's arrays of bytes, and runs nothing.
 *
 * @module
 */

/**
 * A value of a pickle. Lists and tuples are arrays. Strings of Python 2 are bytes. The keys of a
 * dictionary are strings, whatever they were in Python.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | ByteArray
  | PythonName
  | PickleValue[]
  | Map<string, PickleValue>;

/** A NumPy array of uint8, in C order. */
export class ByteArray {
  /** The size of each dimension. */
  shape: readonly number[] = [0];
  /** Its elements. */
  bytes: Uint8Array = new Uint8Array();
}

/** A Python name that a pickle mentions, such as `numpy.ndarray`. */
export class PythonName {
  /** The module and the name in it. */
  readonly name: string;

  /** Throws an Error with the name if it is not a known one. */
  constructor(name: string) {
    if (!NAMES.has(name)) throw new Error(`it asks for the Python name ${JSON.stringify(name)}`);
    this.name = name;
  }
}

/** The class of an array's elements. Only uint8 is read. */
const DTYPE = "numpy.dtype";
const NAMES: ReadonlySet<string> = new Set([
  "_codecs.encode",
  "numpy.ndarray",
  DTYPE,
  // NumPy 2 moved its inner modules.
  ...["numpy.core", "numpy._core"].flatMap((core) => [
    `${core}.multiarray._reconstruct`,
    `${core}.numeric._frombuffer`,
  ]),
]);

/**
 * Reads a pickle of protocol 2 to 5: numbers, strings, lists, tuples, dictionaries and arrays of
 * uint8. Strings and arrays are views of `bytes` where they can be. Throws an Error with the reason
 * if the pickle is damaged or asks for anything else.
 */
export function unpickle(bytes: Uint8Array): PickleValue {
  const reader = new PickleReader(bytes);
  while (reader.step());
  return reader.pop();
}

/** A place in a stack where a container's contents begin. */
const MARK = Symbol("mark");

class PickleReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #stack: (PickleValue | typeof MARK)[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #at = 0;
  /** Bytes that may still be copied. Otherwise a short pickle could copy a long string often. */
  #copies: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#copies = 2 * bytes.length;
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) throw new Error("it takes more than it has put");
    return value;
  }

  /** Runs the next instruction. Returns whether the pickle goes on. */
  step(): boolean {
    const code = this.#unsigned(1);
    switch (code) {
      case 0x2e: // STOP
        return false;
      case 0x80: // PROTO
        this.#unsigned(1);
        break;
      case 0x95: // FRAME
        this.#unsigned(8);
        break;
      case 0x4e: // NONE
        this.#push(null);
        break;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        this.#push(code === 0x88);
        break;
      case 0x4b: // BININT1
        this.#push(this.#unsigned(1));
        break;
      case 0x4d: // BININT2
        this.#push(this.#unsigned(2));
        break;
      case 0x4a: // BININT
        this.#push(this.#view.getInt32(this.#skip(4), true));
        break;
      case 0x8a: // LONG1
        this.#push(this.#long(this.#take(this.#unsigned(1))));
        break;
      case 0x47: // BINFLOAT
        this.#push(this.#view.getFloat64(this.#skip(8)));
        break;
      case 0x55: // SHORT_BINSTRING
      case 0x43: // SHORT_BINBYTES
        this.#push(this.#take(this.#unsigned(1)));
        break;
      case 0x54: // BINSTRING
      case 0x42: // BINBYTES
        this.#push(this.#take(this.#unsigned(4)));
        break;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        this.#push(this.#take(this.#unsigned(8)));
        break;
      case 0x8c: // SHORT_BINUNICODE
        this.#push(decoder.decode(this.#take(this.#unsigned(1))));
        break;
      case 0x58: // BINUNICODE
        this.#push(decoder.decode(this.#take(this.#unsigned(4))));
        break;
      case 0x8d: // BINUNICODE8
        this.#push(decoder.decode(this.#take(this.#unsigned(8))));
        break;
      case 0x71: // BINPUT
        this.#memo.set(this.#unsigned(1), this.#top());
        break;
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#unsigned(4), this.#top());
        break;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        break;
      case 0x68: // BINGET
        this.#push(this.#recall(this.#unsigned(1)));
        break;
      case 0x6a: // LONG_BINGET
        this.#push(this.#recall(this.#unsigned(4)));
        break;
      case 0x28: // MARK
        this.#stack.push(MARK);
        break;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        this.#push([]);
        break;
      case 0x7d: // EMPTY_DICT
        this.#push(new Map());
        break;
      case 0x74: // TUPLE
        this.#push(this.#takeMarked());
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.#push(this.#pops(code - 0x84));
        break;
      case 0x61: // APPEND
        this.#append(this.#pops(1));
        break;
      case 0x65: // APPENDS
        this.#append(this.#takeMarked());
        break;
      case 0x73: // SETITEM
        this.#setItems(this.#pops(2));
        break;
      case 0x75: // SETITEMS
        this.#setItems(this.#takeMarked());
        break;
      case 0x63: // GLOBAL
        this.#push(new PythonName(`${this.#line()}.${this.#line()}`));
        break;
      case 0x93: // STACK_GLOBAL
        this.#push(new PythonName(this.#pops(2).map(textOf).join(".")));
        break;
      case 0x52: // REDUCE
        this.#reduce(this.#pops(2));
        break;
      case 0x62: // BUILD
        this.#build(this.pop(), this.#top());
        break;
      default:
        throw new Error(`it has the instruction 0x${code.toString(16)}, which is not read`);
    }
    return true;
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #top(): PickleValue {
    const value = this.pop();
    this.#push(value);
    return value;
  }

  /** Removes and returns the last `count` values. */
  #pops(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  /** Removes and returns the values since the last mark. */
  #takeMarked(): PickleValue[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) throw new Error("it closes more than it opens");
    return this.#stack.splice(at).filter((value) => value !== MARK);
  }

  #recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) {
      throw new Error(`it recalls the value ${index}, which it has not kept`);
    }
    return value;
  }

  #append(values: PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw new Error("it appends to something other than a list");
    for (const value of values) list.push(value);
  }

  #setItems(values: PickleValue[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map) || values.length % 2 === 1) throw new Error("it sets no item");
    for (let i = 0; i < values.length; i += 2) dict.set(textOf(values[i]), values[i + 1]);
  }

  #reduce([callee, args]: PickleValue[]): void {
    if (!(callee instanceof PythonName) || !Array.isArray(args)) {
      throw new Error("it calls no name");
    }
    const { name } = callee;
    if (name === DTYPE) {
      if (!["u1", "|u1"].includes(textOf(args[0]))) {
        throw new Error(`it has an array of ${textOf(args[0])}, and only those of uint8 are read`);
      }
      this.#push(callee);
    } else if (name.endsWith("._reconstruct")) {
      this.#push(new ByteArray());
    } else if (name.endsWith("._frombuffer")) {
      const [data, dtype, shape, order] = args;
      const array = new ByteArray();
      fill(array, shape, dtype, textOf(order) !== "C", data);
      this.#push(array);
    } else if (name === "_codecs.encode") {
      this.#push(this.#encode(args));
    } else {
      throw new Error(`it calls ${name}`);
    }
  }

  /** Protocol 2 has no bytes, so Python 3 writes them as text in Latin 1. */
  #encode([text]: PickleValue[]): Uint8Array {
    if (typeof text !== "string") throw new Error("it encodes something other than a text");
    this.#copies -= text.length;
    if (this.#copies < 0) throw new Error("it copies more than it has");
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  #build(state: PickleValue, target: PickleValue): void {
    if (target instanceof PythonName && target.name === DTYPE) return;
    if (!(target instanceof ByteArray) || !Array.isArray(state)) {
      throw new Error("it sets attributes of something other than an array");
    }
    const [, shape, dtype, isFortran, data] = state;
    fill(target, shape, dtype, isFortran !== false, data);
  }

  #unsigned(length: 1 | 2 | 4 | 8): number {
    const at = this.#skip(length);
    if (length === 1) return this.#view.getUint8(at);
    if (length === 2) return this.#view.getUint16(at, true);
    if (length === 4) return this.#view.getUint32(at, true);
    return Number(this.#view.getBigUint64(at, true));
  }

  /** A number in two's complement, little-endian. */
  #long(bytes: Uint8Array): number {
    const hex = Uint8Array.from(bytes).reverse().toHex();
    return Number(BigInt.asIntN(8 * bytes.length, BigInt(`0x0${hex}`)));
  }

  #take(length: number): Uint8Array {
    return this.#bytes.subarray(this.#skip(length), this.#at);
  }

  #line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw new Error("it ends early");
    const text = decoder.decode(this.#take(end - this.#at));
    this.#skip(1);
    return text;
  }

  /** Moves on by so many bytes. Returns where they begin. */
  #skip(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw new Error("it ends early");
    this.#at += length;
    return at;
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of a string of Python 2 or 3. Throws an Error if the value is something else. */
export function textOf(value: PickleValue | undefined): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return decoder.decode(value);
  throw new Error("it has something else in the place of a text");
}

function fill(
  array: ByteArray,
  shape: PickleValue | undefined,
  dtype: PickleValue | undefined,
  isFortran: boolean,
  data: PickleValue | undefined,
): void {
  const isDtype = dtype instanceof PythonName && dtype.name === DTYPE;
  const isShape = (value: PickleValue | undefined): value is number[] =>
    Array.isArray(value) && value.every((size) => typeof size === "number");
  if (
    !isDtype || !isShape(shape) || !(data instanceof Uint8Array) || isFortran ||
    shape.reduce((product, size) => product * size, 1) !== data.length
  ) {
    throw new Error("it has an array whose shape, order and bytes do not fit");
  }
  array.shape = [...shape];
  array.bytes = data;
}
