import type { WeightsChoice } from "../../experiment/weights.ts";
import type { ByteSource } from "../../files/byte_source.ts";
import type { Json } from "../../values/json.ts";
import type { WeightsFormat } from "../format.ts";
import { selectTensors } from "../names.ts";
import type { Value } from "../value.ts";
import { readLegacyLayout } from "./legacy_layout.ts";
import { isTensor, type Pickled, type TorchTensor } from "./objects.ts";
import { stateDict } from "./state_dict.ts";
import { readTarLayout } from "./tar_layout.ts";
import { readScalars, readTensors } from "./tensors.ts";
import { readZipLayout } from "./zip_layout.ts";

/** The network in a file of PyTorch. */
export interface TorchWeights {
  /** The tensors by the network's own names. */
  readonly tensors: ReadonlyMap<string, Value>;
  /** The numbers, strings and booleans beside the tensors. */
  readonly facts: Readonly<Record<string, Json>>;
  /** What came off the names of the tensors, without the names of wrappers. */
  readonly prefix: string;
  /** Says what was taken, if there was a choice. */
  readonly notes: readonly string[];
}

const LAYOUTS = {
  "pytorch": readZipLayout,
  "pytorch-legacy": readLegacyLayout,
  "pytorch-tar": readTarLayout,
};

/**
 * Reads a file of `torch.save`, in any layout. Throws a `FileRefused`, or a `Failure` (exit 3) if a
 * zip is damaged.
 */
export function readPyTorch(
  source: ByteSource,
  format: Exclude<WeightsFormat, "safetensors">,
  { key, prefix }: WeightsChoice,
): TorchWeights {
  const saved = LAYOUTS[format](source);
  const { tensors, facts, notes } = stateDict(saved.value, key);
  const selected = selectTensors(tensors, prefix);
  const scalars = readScalars(saved, new Map([...facts].filter(isNamedTensor)), source.size);
  const entries = Array.from(
    facts,
    ([key, value]) => [key, scalars.get(key) ?? value] as const,
  );
  return {
    tensors: readTensors(saved, selected.tensors, source.size),
    facts: Object.fromEntries(entries.filter(isJson)),
    prefix: selected.prefix,
    notes: [...notes, ...selected.notes],
  };
}

const isNamedTensor = (member: readonly [string, Pickled]): member is [string, TorchTensor] =>
  isTensor(member[1]);

/** JSON has neither infinities nor NaN. */
const isJson = (
  member: readonly [string, Pickled],
): member is [string, string | number | boolean] =>
  typeof member[1] === "number" ? Number.isFinite(member[1]) : !isTensor(member[1]);
