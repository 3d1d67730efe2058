import type { ByteSource } from "../../files/byte_source.ts";
import type { Json } from "../../values/json.ts";
import { networkNames } from "../names.ts";
import type { Value } from "../value.ts";
import { readLegacyLayout } from "./legacy_layout.ts";
import { type Pickled, PickledTensor } from "./objects.ts";
import { stateDict } from "./state_dict.ts";
import { readTensors } from "./tensors.ts";
import { readZipLayout } from "./zip_layout.ts";

/** The network in a file of PyTorch. */
export interface TorchWeights {
  /** The tensors by the network's own names. */
  readonly tensors: ReadonlyMap<string, Value>;
  /** The numbers, strings and booleans beside the tensors. */
  readonly facts: Readonly<Record<string, Json>>;
}

/**
 * Reads a file of `torch.save`, in either layout. Throws a `FileRefused`, or a `Failure` (exit 3)
 * if a zip is damaged.
 */
export function readPyTorch(
  source: ByteSource,
  format: "pytorch" | "pytorch-legacy",
): TorchWeights {
  const saved = format === "pytorch" ? readZipLayout(source) : readLegacyLayout(source);
  const { tensors, facts } = stateDict(saved.value);
  const scalars = readTensors(saved, new Map([...facts].filter(isTensor)), source.size);
  const entries = Array.from(
    facts,
    ([key, value]) => [key, scalars.get(key)?.data[0] ?? value] as const,
  );
  return {
    tensors: readTensors(saved, networkNames(tensors), source.size),
    facts: Object.fromEntries(entries.filter(isJson)),
  };
}

const isTensor = (member: readonly [string, Pickled]): member is [string, PickledTensor] =>
  member[1] instanceof PickledTensor;

/** JSON has neither infinities nor NaN. */
const isJson = (
  member: readonly [string, Pickled],
): member is [string, string | number | boolean] =>
  typeof member[1] !== "number" || Number.isFinite(member[1]);
