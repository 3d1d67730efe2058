import type { ByteSource } from "../../files/byte_source.ts";
import { quoteText } from "../../values/words.ts";
import { refuseDamaged } from "../refused.ts";
import { Cursor } from "./cursor.ts";
import { bytesOf, storageType } from "./element_types.ts";
import { isCount, type Pickled, PickledName, PickledTensor, Storage } from "./objects.ts";
import type { TorchFile } from "./saved.ts";
import { type Place, tarEntries } from "./tar.ts";
import { unpickle } from "./unpickle.ts";

/** Whether a tar has the files of PyTorch's first layout. */
export const isTarLayout = (entries: ReadonlyMap<string, Place>): boolean =>
  ["pickle", "storages", "tensors"].every((name) => entries.has(name));

/**
 * Reads a file of PyTorch before 0.1.10 (2017): a tar with `storages`, `tensors` and `pickle`, which
 * refers to the others by numbers. Throws a `FileRefused`.
 */
export function readTarLayout(source: ByteSource): TorchFile {
  const entries = tarEntries(source);
  const read = (name: string) => {
    const entry = entries.get(name);
    if (!entry) throw refuseDamaged(`it has no ${name}`);
    return source.read(entry.position, entry.size);
  };
  const bytes = read("storages");
  const { storages, places } = readStorages(bytes, source.size);
  const tensors = readTensorTable(read("tensors"), source.size, storages);
  const { value } = unpickle(read("pickle"), 0, source.size, (id) => {
    // Of a module, the class and its source.
    if (Array.isArray(id) && id[0] instanceof PickledName) return id[0];
    const found = tensors.get(String(id)) ?? storages.get(String(id));
    if (!found) throw refuseDamaged(`it has no tensor ${quoteText(String(id))}`);
    return found;
  });
  return {
    value,
    size: (key) => places.get(key)?.size,
    read(key) {
      const place = places.get(key);
      if (!place) throw refuseDamaged(`it has no storage ${quoteText(key)}`);
      return bytes.slice(place.position, place.position + place.size);
    },
  };
}

/**
 * Reads the table of storages: their number, for each a pickle `(key, location, type)`, its length
 * in 8 bytes and its elements, then a list of views `(key, root, offset, length)`.
 */
function readStorages(bytes: Uint8Array, size: number) {
  const storages = new Map<string, Storage>();
  const places = new Map<string, Place>();
  const cursor = new Cursor(bytes, 0);
  for (let left = readCount(cursor, bytes, size); left > 0; left--) {
    const [key, , type] = readTuple(cursor, bytes, size);
    const dtype = type instanceof PickledName ? storageType(type.name) : undefined;
    if (!dtype) throw refuseDamaged("one of its storages is described wrongly");
    const length = cursor.uint64();
    const position = cursor.at;
    places.set(String(key), { position, size: cursor.take(length * bytesOf(dtype)).length });
    storages.set(String(key), new Storage(dtype, String(key), length));
  }
  const views = readTuple(cursor, bytes, size);
  for (const view of views) {
    const [key, root, offset, length] = Array.isArray(view) ? view : [];
    const storage = storages.get(String(root));
    if (!storage || !isCount(offset) || !isCount(length) || offset + length > storage.length) {
      throw refuseDamaged("it takes a part of a storage that is not in it");
    }
    const part = { offset: storage.part.offset + offset, length };
    storages.set(String(key), new Storage(storage.dtype, storage.key, storage.length, part));
  }
  return { storages, places };
}

/**
 * Reads the table of tensors: their number, for each a pickle `(key, storage, type)`, the number of
 * dimensions in 4 bytes (and 4 more), sizes, strides and offset in 8 bytes each.
 */
function readTensorTable(
  bytes: Uint8Array,
  size: number,
  storages: ReadonlyMap<string, Storage>,
): Map<string, PickledTensor> {
  const tensors = new Map<string, PickledTensor>();
  const cursor = new Cursor(bytes, 0);
  for (let left = readCount(cursor, bytes, size); left > 0; left--) {
    const [key, storageKey] = readTuple(cursor, bytes, size);
    const dimensions = cursor.int32();
    cursor.take(4);
    const storage = storages.get(String(storageKey));
    if (!storage || !(dimensions >= 0 && dimensions <= 64)) {
      throw refuseDamaged("one of its tensors is described wrongly");
    }
    const row = () => Array.from({ length: dimensions }, () => cursor.uint64());
    const [shape, strides, offset] = [row(), row(), cursor.uint64()];
    tensors.set(String(key), new PickledTensor(storage, offset, shape, strides));
  }
  return tensors;
}

function readPickle(cursor: Cursor, bytes: Uint8Array, size: number): Pickled {
  const { value, end } = unpickle(bytes, cursor.at, size);
  cursor.at = end;
  return value;
}

function readCount(cursor: Cursor, bytes: Uint8Array, size: number): number {
  const count = readPickle(cursor, bytes, size);
  if (!isCount(count)) throw refuseDamaged("its number of tensors or storages is no number");
  return count;
}

function readTuple(cursor: Cursor, bytes: Uint8Array, size: number): readonly Pickled[] {
  const tuple = readPickle(cursor, bytes, size);
  if (!Array.isArray(tuple)) throw refuseDamaged("its table of tensors or storages is no table");
  return tuple;
}
