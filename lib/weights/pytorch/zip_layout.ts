import { quoteText } from "../../values/words.ts";
import { FileRefused, refuseDamaged } from "../refused.ts";
import type { ByteSource } from "../../files/byte_source.ts";
import { readZip } from "../../files/zip.ts";
import { MAX_PICKLE_BYTES, type TorchFile } from "./saved.ts";
import { unpickle } from "./unpickle.ts";

/**
 * Reads a file of PyTorch from 1.6 on: a zip with one folder, in which `data.pkl` is the value and
 * `data/<key>` are the storages. Throws a `FileRefused`, or a `Failure` (exit 3) if the zip itself
 * is damaged.
 */
export function readZipLayout(source: ByteSource): TorchFile {
  const zip = readZip(source, MAX_ENTRIES);
  const pickle = zip.names.find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) throw otherZip(zip.names);
  const folder = pickle.slice(0, -"data.pkl".length);
  if (
    zip.names.some((name) => name.startsWith(`${folder}code/`) || name === `${folder}constants.pkl`)
  ) {
    throw new FileRefused(
      "is a TorchScript program, not weights: in Python, run torch.save(torch.jit.load(path).state_dict(), new_path)",
    );
  }
  if (zip.size(pickle)! > Math.max(MAX_PICKLE_BYTES, source.size)) {
    throw refuseDamaged(`its data.pkl has ${zip.size(pickle)} bytes`);
  }
  const order = zip.names.includes(`${folder}byteorder`)
    ? decodeText(zip.read(`${folder}byteorder`))
    : "little";
  if (order !== "little" && order !== "big") {
    throw refuseDamaged(`its byte order is ${quoteText(order)}, neither little nor big`);
  }
  const { value } = unpickle(zip.read(pickle), 0, source.size);
  return {
    value,
    size: (key) => zip.size(`${folder}data/${key}`),
    read: (key) => zip.read(`${folder}data/${key}`),
    isBigEndian: order === "big",
  };
}

/** No network has more storages. */
const MAX_ENTRIES = 100_000;

const decodeText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, 100));

function otherZip(names: readonly string[]): FileRefused {
  if (names.some((name) => name.endsWith(".npy"))) {
    return new FileRefused("is a NumPy archive (.npz), not a file of PyTorch");
  }
  const inner = names.find((name) => /\.(pth?|bin|ckpt|safetensors|tar)$/.test(name));
  return new FileRefused(
    inner === undefined
      ? "is a zip, but not one that torch.save wrote: it has no data.pkl"
      : `is a zip with ${inner} in it: unpack it and name that file`,
  );
}
