import { quoteText } from "../../values/words.ts";
import { isNarrow, widen } from "../narrow_floats.ts";
import { FileRefused, refuseDamaged } from "../refused.ts";
import { ARRAYS, type Entry, toFloat32 } from "../safetensors.ts";
import { toValue, type Value } from "../value.ts";
import { bytesOf, isUnread } from "./element_types.ts";
import {
  countOf,
  DerivedTensor,
  PickledTensor,
  type Storage,
  type TorchTensor,
} from "./objects.ts";
import type { TorchFile } from "./saved.ts";

/**
 * Reads the values of these tensors, in their order. Each storage is read once, and a tensor that
 * is a part of it in single precision stays a view. Before it reads anything, it checks that the
 * tensors fit into their storages, and all of it into twice the `size` of the file. Throws a
 * `FileRefused` that names the tensor.
 */
export function readTensors(
  saved: TorchFile,
  tensors: ReadonlyMap<string, TorchTensor>,
  size: number,
): Map<string, Value> {
  const names = new Map<PickledTensor, string>();
  for (const [name, tensor] of tensors) {
    for (const part of tensor instanceof DerivedTensor ? tensor.parts : [tensor]) {
      names.set(part, name);
    }
  }
  const derived = tensors.values().filter((tensor) => tensor instanceof DerivedTensor);
  const extra = derived.reduce((sum, { shape }) => sum + 4 * countOf(shape), 0);
  const entries = readEntries(saved, names, size, extra);
  const values = new Map(
    Array.from(entries, ([part, entry]) => [part, toValue(names.get(part)!, entry)]),
  );
  return new Map(
    Array.from(tensors, ([name, tensor]) => [
      name,
      tensor instanceof PickledTensor ? values.get(tensor)! : {
        shape: tensor.shape,
        data: tensor.derive(tensor.parts.map((part) => values.get(part)!)),
      },
    ]),
  );
}

/**
 * Reads the numbers of tensors of one number. Leaves out those of types that are no real numbers, or
 * that are computed. Throws a `FileRefused` like `readTensors`.
 */
export function readScalars(
  saved: TorchFile,
  tensors: ReadonlyMap<string, TorchTensor>,
  size: number,
): Map<string, number> {
  const names = new Map<PickledTensor, string>();
  for (const [name, tensor] of tensors) {
    if (tensor instanceof PickledTensor && !isUnread(tensor.storage.dtype)) names.set(tensor, name);
  }
  const entries = readEntries(saved, names, size, 0);
  return new Map(
    [...tensors].flatMap(([name, tensor]) => {
      const entry = tensor instanceof PickledTensor ? entries.get(tensor) : undefined;
      return entry ? [[name, toNumber(entry)]] : [];
    }),
  );
}

const toNumber = (entry: Entry): number =>
  entry.dtype === "BF16" ? toFloat32(entry)[0] : Number(entry.data[0]);

/** Reads the elements of tensors, beside which the caller needs `extra` bytes. */
function readEntries(
  saved: TorchFile,
  names: ReadonlyMap<PickledTensor, string>,
  size: number,
  extra: number,
): Map<PickledTensor, Entry> {
  // Small files may have many small tensors of one number.
  let room = 2 * size + 2 ** 20;
  const claim = (bytes: number, name: string) => {
    room -= bytes;
    if (room >= 0) return;
    throw new FileRefused(
      `is refused: its tensors claim more than twice its ${size} bytes (at ${
        quoteText(name)
      }), as ` +
        "views of one tensor may; save copies: " +
        "torch.save({k: v.clone() for k, v in state_dict.items()}, path)",
    );
  };
  const byStorage = Map.groupBy(names, ([{ storage }]) => storage.bytes ?? storage.key);
  for (const group of byStorage.values()) {
    const bytes = sizeOf(group[0][0].storage, saved);
    for (const [tensor, name] of group) checkPlace(name, tensor, bytes);
    const last = group.at(-1)![1];
    const copies = group.filter(([tensor]) => !isView(tensor));
    for (const [{ shape, storage }] of copies) {
      claim(bytesOf(storage.dtype) * countOf(shape), last);
    }
    if (copies.length < group.length) claim(bytes!, last);
    if (bytes! > 2 * size) claim(Infinity, last);
    claim(extra / byStorage.size, last);
  }
  const entries = new Map<PickledTensor, Entry>();
  for (const group of byStorage.values()) {
    const { storage } = group[0][0];
    const bytes = storage.bytes?.slice() ?? saved.read(storage.key);
    if (saved.isBigEndian && !storage.bytes) swap(bytes, bytesOf(storage.dtype));
    const { buffer } = bytes;
    for (const [tensor] of group) entries.set(tensor, extract(tensor, buffer));
  }
  return entries;
}

/** Reverses the bytes of every element. */
function swap(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

/** The number of bytes of a storage. `undefined` if the file does not have it. */
const sizeOf = ({ bytes, key }: Storage, saved: TorchFile): number | undefined =>
  bytes ? bytes.length : saved.size(key);

/** Throws unless a tensor lies in its storage, and the storage in the file's bytes. */
function checkPlace(
  name: string,
  { storage, offset, shape, strides }: PickledTensor,
  bytes: number | undefined,
): void {
  const { key, length, part, dtype } = storage;
  const wrong = (problem: string) =>
    refuseDamaged(`its tensor ${quoteText(name)} of shape [${shape}] ${problem}`);
  if (isUnread(dtype)) {
    throw new FileRefused(
      `is refused: its tensor ${quoteText(name)} is of the type ${dtype}, which is not read; ` +
        `save it as float32, or without it: del state_dict[${JSON.stringify(name)}]`,
    );
  }
  if (bytes === undefined) {
    throw wrong(`lies in the storage ${quoteText(key)}, which the file does not have`);
  }
  if (length * bytesOf(dtype) > bytes) {
    throw wrong(
      `lies in the storage ${
        quoteText(key)
      } of ${length} ${dtype} numbers, of which the file has ${bytes} bytes`,
    );
  }
  if (countOf(shape) === 0) return;
  const last = shape.reduce((sum, size, i) => sum + (size - 1) * strides[i], offset);
  if (last >= part.length) {
    throw wrong(
      `ends at number ${last} of the storage ${
        quoteText(key)
      }, which has only ${part.length} of them`,
    );
  }
}

/** Whether a tensor's value is a view of its storage. */
const isView = (tensor: PickledTensor): boolean =>
  isPacked(tensor) && ["F32", "I32"].includes(tensor.storage.dtype);

/** Whether a tensor's elements follow one another, the last dimension running fastest. */
function isPacked({ shape, strides }: PickledTensor): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; step *= shape[i--]) {
    if (shape[i] !== 1 && strides[i] !== step) return false;
  }
  return true;
}

/**
 * Extracts a tensor's elements from its storage: a view if they follow one another, else a copy.
 */
function extract(tensor: PickledTensor, buffer: ArrayBuffer): Entry {
  const { storage: { dtype, part }, offset, shape } = tensor;
  if (isUnread(dtype)) throw new TypeError(`${dtype} was to be refused before`);
  const array = isNarrow(dtype) ? Uint8Array : ARRAYS[dtype];
  const first = part.offset + offset;
  const length = countOf(shape);
  const whole = Math.floor(buffer.byteLength / array.BYTES_PER_ELEMENT);
  const data = length === 0
    ? new array(0)
    : isPacked(tensor)
    ? new array(buffer, first * array.BYTES_PER_ELEMENT, length)
    : gather(new array(buffer, 0, whole), first, tensor, new array(length));
  return isNarrow(dtype)
    ? { dtype: "F32", shape, data: widen(dtype, data as Uint8Array) }
    : { dtype, shape, data } as Entry;
}

/** Copies a tensor's elements from `first` on, in its order, to the front of another array. */
function gather<A extends Record<number, unknown>>(
  from: Readonly<Record<number, unknown>>,
  first: number,
  { shape, strides }: PickledTensor,
  to: A,
): A {
  const index = shape.map(() => 0);
  const count = countOf(shape);
  let at = first;
  for (let i = 0; i < count; i++) {
    to[i] = from[at];
    for (let d = shape.length - 1; d >= 0; d--) {
      at += strides[d];
      if (++index[d] < shape[d]) break;
      at -= strides[d] * shape[d];
      index[d] = 0;
    }
  }
  return to;
}
