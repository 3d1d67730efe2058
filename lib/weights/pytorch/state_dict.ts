import { quoteText } from "../../values/words.ts";
import { FileRefused } from "../refused.ts";
import { plain } from "./numpy.ts";
import { isTensor, kindOf, type Pickled, PickledObject, type TorchTensor } from "./objects.ts";

/** A network's tensors by name, and the facts beside them. */
export interface StateDict {
  /** In the file's order. */
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** Numbers, strings, booleans, and tensors of one number. */
  readonly facts: ReadonlyMap<string, Pickled>;
  /** Says which state dict was taken, if there are several. */
  readonly notes: readonly string[];
}

/** The usual keys of the weights. */
const NAMES: ReadonlySet<string> = new Set(["model", "state_dict", "net", "student", "module"]);

/** The name under which a module of PyTorch keeps whatever its class likes. */
const EXTRA = /(^|\.)_extra_state$/;

/** A dict with tensors in it, and the keys that lead to it. */
interface Candidate {
  readonly path: readonly string[];
  readonly members: ReadonlyMap<string, Pickled>;
  /** How many of its members are tensors. */
  readonly count: number;
}

/**
 * Finds the dict of tensors in a file: the one that `key` names; else the value itself; else the
 * one under `model`, `state_dict`, `net`, `student` or `module`; else the only one, one level down
 * or two. Throws a `FileRefused` that lists the dicts if there are several, or the contents if there
 * is none, or that names a member of the dict that is no tensor.
 */
export function stateDict(file: Pickled, key?: string): StateDict {
  const value = plain(file);
  const levels = candidates(value);
  const chosen = key === undefined
    ? levels.values().map(choose).find((found) => found !== undefined)
    : levels.flat().find(({ path }) => path.join(".") === key);
  if (!chosen) throw key === undefined ? noStateDict(value) : noSuchKey(key, levels.flat());
  const others = levels.slice(1).flat().filter((found) => isOther(found, chosen));
  const beside = chosen.path.flatMap((key, depth) =>
    factsOf(at(value, chosen.path.slice(0, depth)), key)
  );
  return {
    tensors: tensorsOf(chosen),
    facts: new Map([...beside, ...[...chosen.members].filter(([, item]) => isWord(item))]),
    notes: others.length === 0 || chosen.path.length === 0 ? [] : [
      `the state dict ${pathText(chosen)} is taken; \`key\` takes another: ${
        others.map(describe).join(", ")
      }`,
    ],
  };
}

/** The members of a dict whose keys are strings, or of a list, by their positions. */
function members(value: Pickled): [string, Pickled][] {
  if (Array.isArray(value)) return value.map((item, i) => [String(i), plain(item)]);
  return [...asDict(value) ?? []].flatMap(([key, item]) =>
    typeof key === "string" ? [[key, plain(item)]] : []
  );
}

/** A dict, or the items of an object whose class is one. */
function asDict(value: Pickled): Map<Pickled, Pickled> | undefined {
  if (value instanceof Map) return value;
  return value instanceof PickledObject && value.items.size > 0 ? value.items : undefined;
}

/** The value at the end of these keys. */
const at = (value: Pickled, path: readonly string[]): Pickled =>
  path.reduce((inner, key) => members(inner).find(([name]) => name === key)![1], value);

/** The dicts with tensors in a value: itself, one level down, two levels down. */
function candidates(value: Pickled): Candidate[][] {
  const below = (path: readonly string[], outer: Pickled) =>
    members(outer).map(([key, item]) => ({ path: [...path, key], item }));
  const first = below([], value);
  const second = first.flatMap(({ path, item }) => below(path, item));
  return [[{ path: [], item: value }], first, second].map((level) => level.flatMap(asCandidate));
}

/** A dict with string keys that has tensors and no dict, list or network. Empty if a value is none. */
function asCandidate({ path, item }: { path: readonly string[]; item: Pickled }): Candidate[] {
  const dict = asDict(item);
  if (!dict || ![...dict.keys()].every((key) => typeof key === "string")) return [];
  const named = new Map(members(item).filter(([name]) => !EXTRA.test(name)));
  const values = [...named.values()];
  const count = values.filter(isTensor).length;
  const isFlat = !values.some((one) => asDict(one) || Array.isArray(one) || isModule(one));
  return count > 0 && isFlat ? [{ path, members: named, count }] : [];
}

/** Whether every member is a tensor. */
const isPure = ({ members, count }: Candidate): boolean => members.size === count;

/** Whether another dict may be a network's too, unlike a random state or a statistic. */
const isOther = (found: Candidate, chosen: Candidate): boolean =>
  found !== chosen && isPure(found) &&
  (found.count > 1 || found.members.keys().some((name) => chosen.members.has(name)));

/** Chooses the dict under a usual name, else the only one. `undefined` if there is none. */
function choose(found: readonly Candidate[]): Candidate | undefined {
  const usual = found.filter(({ path }) => NAMES.has(path.at(-1)!));
  const left = [usual, found.filter(isPure), found].find(({ length }) => length > 0) ?? [];
  if (left.length < 2) return left[0];
  throw new FileRefused(
    `has several state dicts: ${left.map(describe).join(", ")}; name one by its key: ` +
      `\`key: ${JSON.stringify(left[0].path.join("."))}\` in weights(…), or --key`,
  );
}

const pathText = ({ path }: Candidate): string => path.map(quoteText).join(".");

const describe = (found: Candidate): string => `${pathText(found)} (${found.count} tensors)`;

/** The tensors of a dict. Throws unless all else in it is numbers, strings and the like. */
function tensorsOf({ members }: Candidate): Map<string, TorchTensor> {
  for (const [name, item] of members) {
    if (isTensor(item) || isPlain(item)) continue;
    throw new FileRefused(
      `is refused: its state dict has ${quoteText(name)}, ${kindOf(item)}, which is not read; ` +
        `nothing of it was run. Save it without: del state_dict[${JSON.stringify(name)}]`,
    );
  }
  return new Map(
    [...members].filter((member): member is [string, TorchTensor] => isTensor(member[1])),
  );
}

/** Whether a value beside tensors is harmless: a number, a string, a boolean, None or bytes. */
const isPlain = (value: Pickled): boolean =>
  value === null || typeof value !== "object" || value instanceof Uint8Array;

/** Whether an object is a network as a whole. */
const isModule = (value: Pickled): boolean =>
  value instanceof PickledObject && value.state instanceof Map && value.state.has("_parameters");

function noStateDict(value: Pickled): FileRefused {
  const all = asDict(value)?.entries().toArray() ?? [];
  const found = all.slice(0, 20).map(([key, item]) =>
    `${typeof key === "string" ? quoteText(key) : String(key)} (${kindOf(plain(item))})`
  );
  const inner = members(value).find(([, item]) => isModule(item));
  const held = value instanceof Map ? "an empty dict" : kindOf(value);
  const contents = found.length > 0 ? `it has ${found.join(", ")}` : `it holds ${held}`;
  const inside = inner ? `[${JSON.stringify(inner[0])}]` : "";
  return new FileRefused(
    inner || isModule(value)
      ? `has no state dict: ${contents}, and no object of a class is made or run; where its code is, save the ` +
        `weights alone: torch.save(torch.load(path, weights_only=False)${inside}.state_dict(), new_path)`
      : `has no state dict: ${contents}; save one with torch.save(model.state_dict(), path)`,
  );
}

const noSuchKey = (key: string, found: readonly Candidate[]): FileRefused =>
  new FileRefused(
    `has no state dict under the key ${quoteText(key)}; it has ${
      found.map((one) => one.path.length > 0 ? describe(one) : "one without a key").join(", ") ||
      "none"
    }`,
  );

/**
 * The facts in a dict: its own, and those of the dicts and objects in it, such as the arguments of a
 * script, by names such as `opt.lr`. Not those under the key `except`.
 */
function factsOf(dict: Pickled, except: string): [string, Pickled][] {
  return members(dict).flatMap(([key, item]): [string, Pickled][] => {
    if (isWord(item) || isTensor(item) && item.shape.every((size) => size === 1)) {
      return [[key, item]];
    }
    return (key === except ? [] : attributes(item)).flatMap(([name, inner]) =>
      isWord(inner) ? [[`${key}.${name}`, inner]] : []
    );
  });
}

/** The members of a dict, or the attributes, slots and items of an object. */
function attributes(value: Pickled): [string, Pickled][] {
  if (!(value instanceof PickledObject)) return value instanceof Map ? members(value) : [];
  const states = Array.isArray(value.state) ? value.state : [value.state];
  return [...states, value.items].flatMap((state) => state instanceof Map ? members(state) : []);
}

const isWord = (value: Pickled): boolean => ["number", "string", "boolean"].includes(typeof value);
