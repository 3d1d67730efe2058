import { quoteText } from "../../values/words.ts";
import { FileRefused } from "../refused.ts";
import { kindOf, type Pickled, PickledTensor } from "./objects.ts";

/** A network's tensors by name, and the facts beside them. */
export interface StateDict {
  /** In the file's order. */
  readonly tensors: ReadonlyMap<string, PickledTensor>;
  /** Numbers, strings, booleans, and tensors of one number. */
  readonly facts: ReadonlyMap<string, Pickled>;
}

/** The usual keys of the weights. */
const NAMES: ReadonlySet<Pickled> = new Set(["model", "state_dict", "net", "student"]);

/** A dict of tensors, and the keys that lead to it. */
interface Candidate {
  readonly path: readonly string[];
  readonly tensors: ReadonlyMap<string, PickledTensor>;
}

/**
 * Finds the dict of tensors in a file: the value itself; else the one under `model`, `state_dict`,
 * `net` or `student`; else the only one, one level down or two. Throws a `FileRefused` that lists
 * the dicts if there are several, or the contents if there is none.
 */
export function stateDict(value: Pickled): StateDict {
  if (isTensors(value)) return { tensors: value, facts: new Map() };
  if (!(value instanceof Map)) throw noStateDict(`it holds ${kindOf(value)}`);
  const inner = members(value).filter((entry): entry is [string, Map<Pickled, Pickled>] =>
    entry[1] instanceof Map
  );
  const chosen = choose(tensorsIn(value, [])) ??
    choose(inner.flatMap(([key, dict]) => tensorsIn(dict, [key])));
  if (!chosen) {
    throw noStateDict(
      `it has ${
        members(value).slice(0, 20).map(([key, item]) => `${quoteText(key)} (${kindOf(item)})`)
      }`,
    );
  }
  const parent = chosen.path.length === 2
    ? value.get(chosen.path[0]) as Map<Pickled, Pickled>
    : new Map();
  const facts = [...members(value), ...members(parent)].filter(([, item]) => isFact(item));
  return { tensors: chosen.tensors, facts: new Map(facts) };
}

/** The dicts of tensors among the values of a dict. */
function tensorsIn(dict: Map<Pickled, Pickled>, path: readonly string[]): Candidate[] {
  return members(dict).flatMap(([key, item]) =>
    isTensors(item) ? [{ path: [...path, key], tensors: item }] : []
  );
}

/** Chooses the dict under a usual name, else the only one. `undefined` if there is none. */
function choose(found: readonly Candidate[]): Candidate | undefined {
  const usual = found.filter(({ path }) => NAMES.has(path.at(-1)!));
  const left = usual.length > 0 ? usual : found;
  if (left.length < 2) return left[0];
  const names = left.map(({ path, tensors }) =>
    `${path.map(quoteText).join(".")} (${tensors.size} tensors)`
  ).join(", ");
  throw new FileRefused(
    `has several state dicts: ${names}; save only the right one: torch.save(state_dict, path)`,
  );
}

const noStateDict = (contents: string): FileRefused =>
  new FileRefused(
    `has no state dict: ${contents}; save one with torch.save(model.state_dict(), path)`,
  );

/** The members of a dict whose keys are strings. */
const members = (dict: Map<Pickled, Pickled>): [string, Pickled][] =>
  [...dict].filter((member): member is [string, Pickled] => typeof member[0] === "string");

function isTensors(value: Pickled): value is Map<string, PickledTensor> & Map<Pickled, Pickled> {
  return value instanceof Map && value.size > 0 &&
    [...value].every(([key, item]) => typeof key === "string" && item instanceof PickledTensor);
}

const isFact = (value: Pickled): boolean =>
  ["number", "string", "boolean"].includes(typeof value) ||
  value instanceof PickledTensor && value.shape.every((size) => size === 1);
