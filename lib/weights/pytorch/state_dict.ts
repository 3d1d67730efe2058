import { quoted } from "../../values/words.ts";
import { FileRefused } from "../refused.ts";
import { kindOf, type Pickled, PickledTensor } from "./objects.ts";

/** A network's tensors by name, and what lies beside them. */
export interface StateDict {
  /** The tensors in their order. */
  readonly tensors: ReadonlyMap<string, PickledTensor>;
  /** Numbers, texts, booleans, and tensors of one number. */
  readonly facts: ReadonlyMap<string, Pickled>;
}

/** Where people put the weights. */
const NAMES: ReadonlySet<Pickled> = new Set(["model", "state_dict", "net", "student"]);

/** A dict of tensors, and the keys that lead to it. */
interface Found {
  readonly path: readonly string[];
  readonly tensors: ReadonlyMap<string, PickledTensor>;
}

/**
 * The dict of tensors that a file is about: the value itself; else the one under `model`,
 * `state_dict`, `net` or `student`; else the only one there is, one level down or two. Throws a
 * `Refused` that lists the dicts where there are several, or what there is in place of one.
 */
export function stateDict(value: Pickled): StateDict {
  if (isTensors(value)) return { tensors: value, facts: new Map() };
  if (!(value instanceof Map)) throw none(`it holds ${kindOf(value)}`);
  const inner = members(value).filter((entry): entry is [string, Map<Pickled, Pickled>] =>
    entry[1] instanceof Map
  );
  const chosen = choose(tensorsIn(value, [])) ??
    choose(inner.flatMap(([key, dict]) => tensorsIn(dict, [key])));
  if (!chosen) {
    throw none(
      `it has ${
        members(value).slice(0, 20).map(([key, held]) => `${quoted(key)} (${kindOf(held)})`)
      }`,
    );
  }
  const parent = chosen.path.length === 2
    ? value.get(chosen.path[0]) as Map<Pickled, Pickled>
    : new Map();
  const facts = [...members(value), ...members(parent)].filter(([, held]) => isFact(held));
  return { tensors: chosen.tensors, facts: new Map(facts) };
}

/** The dicts of tensors that are values of a dict. */
function tensorsIn(dict: Map<Pickled, Pickled>, path: readonly string[]): Found[] {
  return members(dict).flatMap(([key, held]) =>
    isTensors(held) ? [{ path: [...path, key], tensors: held }] : []
  );
}

/** The dict under one of the usual names, else the only one; undefined where there is none. */
function choose(found: readonly Found[]): Found | undefined {
  const usual = found.filter(({ path }) => NAMES.has(path.at(-1)!));
  const left = usual.length > 0 ? usual : found;
  if (left.length < 2) return left[0];
  const names = left.map(({ path, tensors }) =>
    `${path.map(quoted).join(".")} (${tensors.size} tensors)`
  ).join(", ");
  throw new FileRefused(
    `has several state dicts: ${names}; save the one that is meant: torch.save(state_dict, path)`,
  );
}

const none = (instead: string): FileRefused =>
  new FileRefused(
    `has no state dict: ${instead}; save one with torch.save(model.state_dict(), path)`,
  );

/** The members of a dict whose keys are texts. */
const members = (dict: Map<Pickled, Pickled>): [string, Pickled][] =>
  [...dict].filter((member): member is [string, Pickled] => typeof member[0] === "string");

function isTensors(value: Pickled): value is Map<string, PickledTensor> & Map<Pickled, Pickled> {
  return value instanceof Map && value.size > 0 &&
    [...value].every(([key, held]) => typeof key === "string" && held instanceof PickledTensor);
}

const isFact = (value: Pickled): boolean =>
  ["number", "string", "boolean"].includes(typeof value) ||
  value instanceof PickledTensor && value.shape.every((size) => size === 1);
