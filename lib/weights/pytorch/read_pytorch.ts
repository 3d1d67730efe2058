import type { ByteSource } from "../../files/byte_source.ts";
import type { Json } from "../../values/json.ts";
import { plainNames } from "../names.ts";
import type { Value } from "../value.ts";
import { readLegacyLayout } from "./legacy_layout.ts";
import { type Pickled, PickledTensor } from "./objects.ts";
import { stateDict } from "./state_dict.ts";
import { readTensors } from "./tensors.ts";
import { readZipLayout } from "./zip_layout.ts";

/** What a file of PyTorch holds of a network. */
export interface Network {
  /** Its tensors by the names of the network alone. */
  readonly tensors: ReadonlyMap<string, Value>;
  /** The numbers, texts and booleans beside them. */
  readonly facts: Readonly<Record<string, Json>>;
}

/**
 * Reads a file of `torch.save`, in either layout. Throws a `Refused`, or a `Failure` (exit 3) for a
 * damaged zip.
 */
export function readPyTorch(source: ByteSource, format: "pytorch" | "pytorch-legacy"): Network {
  const saved = format === "pytorch" ? readZipLayout(source) : readLegacyLayout(source);
  const { tensors, facts } = stateDict(saved.value);
  const numbers = readTensors(saved, new Map([...facts].filter(isTensor)), source.size);
  const plain = Array.from(
    facts,
    ([key, value]) => [key, numbers.get(key)?.data[0] ?? value] as const,
  );
  return {
    tensors: readTensors(saved, plainNames(tensors), source.size),
    facts: Object.fromEntries(plain.filter(isJson)),
  };
}

const isTensor = (member: readonly [string, Pickled]): member is [string, PickledTensor] =>
  member[1] instanceof PickledTensor;

/** JSON has no words for numbers without an end. */
const isJson = (
  member: readonly [string, Pickled],
): member is [string, string | number | boolean] =>
  typeof member[1] !== "number" || Number.isFinite(member[1]);
