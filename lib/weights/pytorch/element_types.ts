/**
 * The element types of PyTorch's storages and tensors, by its names for them.
 *
 * @module
 */
import { ARRAYS, type Dtype } from "../safetensors.ts";
import { isNarrow, type NarrowDtype } from "../narrow_floats.ts";

/** PyTorch's types that no weights have. */
export type UnreadType = "complex32" | "complex64" | "complex128" | "quint4x2" | "quint2x4";

/** The sizes in bytes of the types that are not read. */
const UNREAD: Readonly<Record<UnreadType, number>> = {
  complex32: 4,
  complex64: 8,
  complex128: 16,
  quint4x2: 1,
  quint2x4: 1,
};

/** The type of a storage's elements. */
export type ElementType = Dtype | NarrowDtype | UnreadType;

/** The number of bytes of an element. */
export function bytesOf(type: ElementType): number {
  if (isUnread(type)) return UNREAD[type];
  return isNarrow(type) ? 1 : ARRAYS[type].BYTES_PER_ELEMENT;
}

/** Whether a type's elements cannot become real numbers. */
export const isUnread = (type: ElementType): type is UnreadType => Object.hasOwn(UNREAD, type);

/** The types by the names of PyTorch's storages. An untyped one has bytes. */
const STORAGES: Readonly<Record<string, ElementType>> = {
  Float: "F32",
  Double: "F64",
  Half: "F16",
  BFloat16: "BF16",
  Long: "I64",
  Int: "I32",
  Short: "I16",
  Char: "I8",
  Byte: "U8",
  Bool: "BOOL",
  Untyped: "U8",
  _Untyped: "U8",
  QInt8: "I8",
  QUInt8: "U8",
  QInt32: "I32",
  QUInt4x2: "quint4x2",
  QUInt2x4: "quint2x4",
  ComplexFloat: "complex64",
  ComplexDouble: "complex128",
};

/** The types by the names of `torch.dtype`. */
const DTYPES: Readonly<Record<string, ElementType>> = {
  float32: "F32",
  float: "F32",
  float64: "F64",
  double: "F64",
  float16: "F16",
  half: "F16",
  bfloat16: "BF16",
  int64: "I64",
  long: "I64",
  int32: "I32",
  int: "I32",
  int16: "I16",
  short: "I16",
  int8: "I8",
  uint8: "U8",
  uint16: "U16",
  uint32: "U32",
  uint64: "U64",
  bool: "BOOL",
  float8_e4m3fn: "F8_E4M3",
  float8_e5m2: "F8_E5M2",
  float8_e4m3fnuz: "F8_E4M3FNUZ",
  float8_e5m2fnuz: "F8_E5M2FNUZ",
  float8_e8m0fnu: "F8_E8M0",
  complex32: "complex32",
  complex64: "complex64",
  complex128: "complex128",
};

/** The type of a storage class such as `torch.cuda.FloatStorage`. `undefined` if it is unknown. */
export function storageType(name: string): ElementType | undefined {
  const [, kind] = /^torch\.(?:cuda\.|storage\.)?(\w+)Storage$/.exec(name) ?? [];
  return kind !== undefined && Object.hasOwn(STORAGES, kind) ? STORAGES[kind] : undefined;
}

/** The type of a `torch.dtype` such as `torch.float8_e4m3fn`. `undefined` if it is unknown. */
export function dtypeOf(name: string): ElementType | undefined {
  const [, kind] = /^torch\.(\w+)$/.exec(name) ?? [];
  return kind !== undefined && Object.hasOwn(DTYPES, kind) ? DTYPES[kind] : undefined;
}
