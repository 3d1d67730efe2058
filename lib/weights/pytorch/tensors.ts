import { quoteText } from "../../values/words.ts";
import { refuseDamaged } from "../refused.ts";
import { ARRAYS, type Entry } from "../safetensors.ts";
import { toValue, type Value } from "../value.ts";
import type { PickledTensor } from "./objects.ts";
import type { TorchFile } from "./saved.ts";

/**
 * Reads the values of these tensors, in their order. Each storage is read once, and a tensor that
 * is a part of it in single precision stays a view. Before it reads anything, it checks that the
 * tensors fit into their storages, and all of it into twice the `size` of the file. Throws a
 * `FileRefused` that names the tensor.
 */
export function readTensors(
  saved: TorchFile,
  tensors: ReadonlyMap<string, PickledTensor>,
  size: number,
): Map<string, Value> {
  const byStorage = Map.groupBy(tensors, ([, { storage }]) => storage.key);
  // Small files may have many small tensors of booleans, which grow fourfold.
  let room = 2 * size + 2 ** 20;
  for (const [key, group] of byStorage) {
    const bytes = saved.size(key);
    for (const [name, tensor] of group) checkPlace(name, tensor, bytes);
    const copies = group.filter(([, tensor]) => !isView(tensor));
    const needed = copies.reduce((sum, [, { shape }]) => sum + 4 * elements(shape), 0);
    room -= needed + (copies.length < group.length ? bytes! : 0);
    if (!(room >= 0) || bytes! > size * 2) {
      throw refuseDamaged(
        `its tensors claim more than twice its ${size} bytes (at ${quoteText(group.at(-1)![0])})`,
      );
    }
  }
  const values = new Map<string, Value>();
  for (const [key, group] of byStorage) {
    const { buffer } = saved.read(key);
    for (const [name, tensor] of group) values.set(name, toValue(name, extract(tensor, buffer)));
  }
  return new Map(Array.from(tensors.keys(), (name) => [name, values.get(name)!]));
}

/** Throws unless a tensor lies in its storage, and the storage in the file's bytes. */
function checkPlace(
  name: string,
  { storage, offset, shape, strides }: PickledTensor,
  bytes: number | undefined,
): void {
  const { key, length, part, dtype } = storage;
  const wrong = (problem: string) =>
    refuseDamaged(`its tensor ${quoteText(name)} of shape [${shape}] ${problem}`);
  if (bytes === undefined) {
    throw wrong(`lies in the storage ${quoteText(key)}, which the file does not have`);
  }
  if (length * ARRAYS[dtype].BYTES_PER_ELEMENT > bytes) {
    throw wrong(
      `lies in the storage ${
        quoteText(key)
      } of ${length} ${dtype} numbers, of which the file has ${bytes} bytes`,
    );
  }
  if (elements(shape) === 0) return;
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
  const array = ARRAYS[dtype];
  const first = part.offset + offset;
  const length = elements(shape);
  if (length === 0) return { dtype, shape, data: new array(0) } as Entry;
  if (isPacked(tensor)) {
    return {
      dtype,
      shape,
      data: new array(buffer, first * array.BYTES_PER_ELEMENT, length),
    } as Entry;
  }
  const data = new array(length);
  gather(
    new array(buffer, 0, Math.floor(buffer.byteLength / array.BYTES_PER_ELEMENT)),
    first,
    tensor,
    data,
  );
  return { dtype, shape, data } as Entry;
}

/** Copies a tensor's elements from `first` on, in its order, to the front of another array. */
function gather(
  from: Readonly<Record<number, unknown>>,
  first: number,
  { shape, strides }: PickledTensor,
  to: Record<number, unknown>,
): void {
  const index = shape.map(() => 0);
  const count = elements(shape);
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
}

/** The number of elements of a shape. Infinity if there are too many to count. */
const elements = (shape: readonly number[]): number =>
  shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
