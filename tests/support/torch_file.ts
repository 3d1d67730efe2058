/**
 * Hand-made files as `torch.save` writes them, in both layouts. The pickles are of protocol 2 and
 * are built from single instructions.
 */
import { zipSync } from "fflate";

/** Pickle instructions that push one value on the stack. */
export type Code = readonly number[];

/** The bytes of a text in Latin 1. */
export const latin = (letters: string): number[] =>
  Array.from(letters, (letter) => letter.charCodeAt(0));

/** Encodes a number in `bytes` bytes, little-endian. */
export const little = (value: number | bigint, bytes: number): number[] =>
  Array.from(
    { length: bytes },
    (_, i) => Number(BigInt.asUintN(8, BigInt(value) >> BigInt(8 * i))),
  );

/** Joins instructions, which may be letters or code. */
export const code = (...parts: (string | Code)[]): number[] =>
  parts.flatMap((part) => typeof part === "string" ? latin(part) : part);

/** A text. */
export const text = (value: string): Code => {
  const bytes = new TextEncoder().encode(value);
  return code("X", little(bytes.length, 4), [...bytes]);
};

/** An integer of any size. */
export const int = (value: number | bigint): Code => code("\x8a\x20", little(value, 32));

/** A double-precision number. */
export const float = (value: number): Code => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return code("G", [...bytes]);
};

/** A list. */
export const list = (...items: Code[]): Code => code("](", ...items, "e");

/** A tuple. */
export const tuple = (...items: Code[]): Code => code("(", ...items, "t");

/** A dict with text keys. */
export const dict = (members: Readonly<Record<string, Code>>): Code =>
  code("}(", ...Object.entries(members).flatMap(([key, value]) => [text(key), value]), "u");

/** The object with a Python name. */
export const named = (module: string, name: string): Code => code(`c${module}\n${name}\n`);

/** The call of the object with a Python name. */
export const call = (module: string, name: string, ...args: Code[]): Code =>
  code(named(module, name), tuple(...args), "R");

/** A storage of `length` elements by its key. */
export const storage = (
  key: string,
  length: number | bigint,
  type = "FloatStorage",
  part: Code = code("N"),
): Code =>
  code(
    tuple(text("storage"), named("torch", type), text(key), text("cuda:0"), int(length), part),
    "Q",
  );

/** A tensor in a storage. Default: contiguous strides. */
export const tensor = (
  place: Code,
  shape: readonly (number | bigint)[],
  { strides, offset = 0 }: { strides?: readonly (number | bigint)[]; offset?: number | bigint } =
    {},
): Code =>
  call(
    "torch._utils",
    "_rebuild_tensor_v2",
    place,
    int(offset),
    tuple(...shape.map(int)),
    tuple(...(strides ?? contiguousStrides(shape.map(Number))).map(int)),
    code("\x89"),
    call("collections", "OrderedDict"),
  );

const contiguousStrides = (shape: readonly number[]): number[] =>
  shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1));

/** A complete pickle of a value. */
export const pickle = (value: Code): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(code("\x80\x02", value, "."));

/** The bytes of single-precision numbers. */
export const floats = (...values: number[]): Uint8Array =>
  new Uint8Array(Float32Array.from(values).buffer);

/** A file of the zip layout with a value and the storages' bytes by key. */
export function zipFile(
  value: Code | Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  others: Readonly<Record<string, Uint8Array>> = {},
  level: 0 | 6 = 0,
): Uint8Array<ArrayBuffer> {
  const data = Object.entries(storages).map(([key, bytes]) =>
    [`archive/data/${key}`, bytes] as const
  );
  const files = {
    "archive/data.pkl": value instanceof Uint8Array ? value : pickle(value),
    "archive/byteorder": Uint8Array.from(latin("little")),
    ...Object.fromEntries(data),
    "archive/version": Uint8Array.from(latin("3\n")),
    ...others,
  };
  return zipSync(files, { level });
}

const MAGIC = 0x1950a86a20f9469cfc6cn;

/**
 * A file of the layout before PyTorch 1.6 with a value and the storages by key. `count` is the
 * number of elements that the file claims.
 */
export function legacyFile(
  value: Code | Uint8Array,
  storages: Readonly<Record<string, readonly [count: number | bigint, bytes: Uint8Array]>> = {},
  machine: Code = dict({ protocol_version: int(1001), little_endian: code("\x88") }),
): Uint8Array<ArrayBuffer> {
  const rows = Object.values(storages).flatMap(([count, bytes]) => [...little(count, 8), ...bytes]);
  return Uint8Array.from([
    ...pickle(code("\x8a\x0a", little(MAGIC, 10))),
    ...pickle(int(1001)),
    ...pickle(machine),
    ...(value instanceof Uint8Array ? value : pickle(value)),
    ...pickle(list(...Object.keys(storages).map(text))),
    ...rows,
  ]);
}

/** A `numpy.dtype` by its code, such as `f4`. */
export const numpyType = (kind: string, order = "<"): Code =>
  code(
    call("numpy", "dtype", text(kind), code("\x89"), code("\x88")),
    tuple(int(3), text(order), code("NNN"), int(-1), int(-1), int(0)),
    "b",
  );

/** Bytes, as protocol 2 writes them. */
export const bytesOf = (bytes: Uint8Array): Code =>
  call("_codecs", "encode", text(String.fromCharCode(...bytes)), text("latin1"));

/** A scalar of NumPy 2. */
export const numpyScalar = (kind: string, bytes: Uint8Array, order = "<"): Code =>
  call("numpy._core.multiarray", "scalar", numpyType(kind, order), bytesOf(bytes));

/** An array of NumPy 1. */
export const numpyArray = (
  kind: string,
  shape: readonly number[],
  bytes: Uint8Array,
  { order = "<", isFortran = false } = {},
): Code =>
  code(
    call(
      "numpy.core.multiarray",
      "_reconstruct",
      named("numpy", "ndarray"),
      tuple(int(0)),
      bytesOf(Uint8Array.of(98)),
    ),
    tuple(
      int(1),
      tuple(...shape.map(int)),
      numpyType(kind, order),
      code(isFortran ? "\x88" : "\x89"),
      bytesOf(bytes),
    ),
    "b",
  );
