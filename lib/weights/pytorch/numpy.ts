/**
 * NumPy's scalars and arrays in a pickle, of NumPy 1 and 2.
 *
 * @module
 */
import { ARRAYS, type Dtype } from "../safetensors.ts";
import { latin1 } from "./cursor.ts";
import {
  countOf,
  isCounts,
  packedStrides,
  type Pickled,
  PickledObject,
  PickledTensor,
  Storage,
} from "./objects.ts";

/** The element types that weights and facts have, by NumPy's codes. */
const TYPES: Readonly<Record<string, Dtype>> = {
  f2: "F16",
  f4: "F32",
  f8: "F64",
  i1: "I8",
  i2: "I16",
  i4: "I32",
  i8: "I64",
  u1: "U8",
  u2: "U16",
  u4: "U32",
  u8: "U64",
  b1: "BOOL",
};

/** The calls that begin an array, whose state follows. */
const ARRAY = /^numpy\.(_?core\.multiarray\._reconstruct|ndarray)$/;

/** The number or text of `scalar(dtype, bytes)`, or a record of the call if it is another type. */
export function numpyScalar(args: readonly Pickled[]): Pickled {
  const [dtype = null, bytes = null] = args;
  const kind = codeOf(dtype);
  const data = asBytes(bytes);
  if (kind === undefined || data === undefined) return new PickledObject("numpy.scalar", args);
  if (/^S\d+$/.test(kind.code)) return latin1(data);
  if (/^U\d+$/.test(kind.code)) return utf32(inOrder(data, 4, kind.isBig));
  const type = typeOf(kind.code);
  const array = type && ARRAYS[type];
  if (!array || data.length !== array.BYTES_PER_ELEMENT) {
    return new PickledObject("numpy.scalar", args);
  }
  const [value] = new array(inOrder(data, data.length, kind.isBig).buffer);
  if (type === "BOOL") return value === 1;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** The tensor of `_frombuffer(bytes, dtype, shape, order)`, with which protocol 5 writes arrays. */
export function frombuffer(args: readonly Pickled[]): Pickled {
  const [bytes = null, dtype = null, shape = null, order = null] = args;
  return arrayOf(shape, dtype, order === "F", bytes) ?? new PickledObject("numpy.ndarray", args);
}

/** An array as a tensor, if its elements are numbers. Any other value as it is. */
export function plain(value: Pickled): Pickled {
  if (!(value instanceof PickledObject) || !ARRAY.test(value.kind)) return value;
  if (!Array.isArray(value.state) || value.state.length !== 5) return value;
  const [, shape, dtype, isFortran, bytes] = value.state;
  return arrayOf(shape, dtype, isFortran === true || isFortran === 1, bytes) ?? value;
}

function arrayOf(
  shape: Pickled,
  dtype: Pickled,
  isFortran: boolean,
  bytes: Pickled,
): PickledTensor | undefined {
  const kind = codeOf(dtype);
  const type = kind && typeOf(kind.code);
  const data = asBytes(bytes);
  if (!type || !data || !isCounts(shape) || shape.length > 64) return undefined;
  const width = ARRAYS[type].BYTES_PER_ELEMENT;
  const length = countOf(shape);
  if (length * width !== data.length) return undefined;
  const part = { offset: 0, length };
  const storage = new Storage(type, "", length, part, inOrder(data, width, kind.isBig));
  const strides = isFortran ? packedStrides([...shape].reverse()).reverse() : packedStrides(shape);
  return new PickledTensor(storage, 0, [...shape], strides);
}

/** The type of a code such as `f4`. */
const typeOf = (code: string): Dtype | undefined =>
  Object.hasOwn(TYPES, code) ? TYPES[code] : undefined;

/** The code and the byte order of `dtype("f4")` with the state `(3, "<", …)`. */
function codeOf(dtype: Pickled): { readonly code: string; readonly isBig: boolean } | undefined {
  if (!(dtype instanceof PickledObject) || dtype.kind !== "numpy.dtype") return undefined;
  const [code] = dtype.args;
  if (typeof code !== "string") return undefined;
  return { code, isBig: Array.isArray(dtype.state) && dtype.state[1] === ">" };
}

/** Bytes, which Python 2 wrote as a string. */
function asBytes(value: Pickled): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== "string") return undefined;
  return Uint8Array.from(value, (letter) => letter.charCodeAt(0));
}

/** A copy of elements of `width` bytes, little-endian. */
function inOrder(data: Uint8Array, width: number, isBig: boolean): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(data);
  if (isBig) {
    for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  }
  return bytes;
}

/** The text of 32-bit code points. NumPy pads it with zeros. */
function utf32({ buffer }: Uint8Array<ArrayBuffer>): string {
  const points = new Uint32Array(buffer, 0, Math.floor(buffer.byteLength / 4));
  const isText = points.every((point) => point < 0x110000);
  return isText
    ? Array.from(points, (point) => String.fromCodePoint(point)).join("").replace(/\0+$/, "")
    : "";
}
