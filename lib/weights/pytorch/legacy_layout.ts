import type { ByteSource } from "../../files/byte_source.ts";
import { quoteText } from "../../values/words.ts";
import { refuseDamaged, refuseOtherPickle } from "../refused.ts";
import { bytesOf } from "./element_types.ts";
import type { Pickled, Storage } from "./objects.ts";
import { MAX_PICKLE_BYTES, type TorchFile } from "./saved.ts";
import type { Place } from "./tar.ts";
import { unpickle, type Unpickled } from "./unpickle.ts";

/** The first number of such a file, as a pickle has it. */
const MAGIC = 0x1950a86a20f9469cfc6cn;

const VERSION = 1001;

/**
 * Reads a file of PyTorch before 1.6: five pickles (the magic number, a version, the machine, the
 * value, the keys of the storages), then each storage: the number of its elements in 8 bytes, and
 * the elements. Throws a `FileRefused`.
 */
export function readLegacyLayout(source: ByteSource): TorchFile {
  const head = source.read(0, Math.min(source.size, MAX_PICKLE_BYTES));
  let end = 0;
  const next = (): Unpickled => {
    const pickle = unpickle(head, end, source.size);
    end = pickle.end;
    return pickle;
  };
  if (next().value !== MAGIC) throw refuseOtherPickle();
  const { value: version } = next();
  if (version !== VERSION) throw refuseDamaged(`its version is not ${VERSION}`);
  // The machine's byte order, among others: the file's own is little-endian on every machine.
  next();
  const { value, storages } = next();
  const { value: keys } = next();
  if (!isKeys(keys)) throw refuseDamaged("it has no list of its storages");
  const places = locate(source, end, keys.map(String), storages);
  return {
    value,
    size: (key) => places.get(key)?.size,
    read(key) {
      const place = places.get(key);
      if (!place) throw refuseDamaged(`it has no storage ${quoteText(key)}`);
      return source.read(place.position, place.size);
    },
  };
}

const isKeys = (value: Pickled): value is (string | number)[] =>
  Array.isArray(value) && value.every((key) => typeof key === "string" || typeof key === "number");

/**
 * Locates every storage by its key. Together they have to fill the file from `start` on, exactly.
 */
function locate(
  source: ByteSource,
  start: number,
  keys: readonly string[],
  storages: readonly Storage[],
): Map<string, Place> {
  const storageOf = new Map(storages.map((storage) => [storage.key, storage]));
  const places = new Map<string, Place>();
  let position = start;
  for (const key of keys) {
    const storage = storageOf.get(key);
    if (!storage || places.has(key)) {
      throw refuseDamaged(`its list of storages has ${quoteText(key)}, which its value never uses`);
    }
    if (position + 8 > source.size) {
      throw refuseDamaged(`it ends before its storage ${quoteText(key)}`);
    }
    const count = Number(new DataView(source.read(position, 8).buffer).getBigUint64(0, true));
    if (count !== storage.length) {
      throw refuseDamaged(
        `its storage ${
          quoteText(key)
        } has ${count} numbers, and its tensors claim ${storage.length}`,
      );
    }
    const size = count * bytesOf(storage.dtype);
    position += 8;
    if (position + size > source.size) {
      throw refuseDamaged(
        `it ends ${position + size - source.size} bytes before its storage ${quoteText(key)} does`,
      );
    }
    places.set(key, { position, size });
    position += size;
  }
  if (position < source.size) {
    throw refuseDamaged(`${source.size - position} bytes follow its last storage`);
  }
  return places;
}
