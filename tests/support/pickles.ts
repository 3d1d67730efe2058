/** Pickles as Python 2 writes them with protocol 2, of what CIFAR's files have. */
import { Buffer } from "node:buffer";

/** A value to pickle. A text becomes a string of Python 2. */
export type PickleInput =
  | string
  | number
  | readonly PickleInput[]
  | { readonly shape: readonly number[]; readonly bytes: Uint8Array };

/** Pickles a dictionary. */
export function pickleOf(dict: Readonly<Record<string, PickleInput>>): Uint8Array {
  const items = Object.entries(dict).flatMap(([key, value]) => [...put(key), ...put(value)]);
  return join(["\x80\x02}q\x01(", ...items, "u."]);
}

/** The instructions that push a value. */
function put(value: PickleInput): (string | Uint8Array)[] {
  if (typeof value === "number") return ["J", uint32(value)];
  if (typeof value === "string") return ["U", String.fromCharCode(value.length), value];
  if ("bytes" in value) {
    const shape = value.shape.flatMap(put);
    return [
      "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01(",
      ...shape,
      "tcnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ",
      ...[uint32(-1), "J", uint32(-1), "K\x00tb\x89T", uint32(value.bytes.length)],
      value.bytes,
      "tb",
    ];
  }
  return ["](", ...value.flatMap(put), "e"];
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}

/** Joins texts of Latin 1 and bytes. */
function join(parts: readonly (string | Uint8Array)[]): Uint8Array {
  return new Uint8Array(Buffer.concat(
    parts.map((part) => typeof part === "string" ? Buffer.from(part, "latin1") : part),
  ));
}
