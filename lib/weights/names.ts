import type { Net } from "../nn/network.ts";
import { quoteText } from "../values/words.ts";
import { FileRefused } from "./refused.ts";

/** The tensors of a network among those of a file. */
export interface SelectedTensors<T> {
  readonly tensors: Map<string, T>;
  /** What came off their names, without the names of wrappers. */
  readonly prefix: string;
  /** Says what was taken, if there was a choice. */
  readonly notes: readonly string[];
}

/** What wrappers put before names: data parallelism, averaged models, torch.compile, FSDP. */
const WRAPPER =
  /^(module|_orig_mod|_fsdp_wrapped_module|_forward_module|_checkpoint_wrapped_module)\./;

/** Counters of batches and of averaged models, which no network of Retort has. */
const COUNTER = /(^|\.)(num_batches_tracked|n_averaged)$/;

/**
 * Renames the tensors of a state dict to their names inside the network, in the same order. Drops
 * counters, and the names of wrappers if every name begins with one. Keeps only the names below
 * `prefix`. Default: those below `student.`, if some are, as mdistiller saves a distiller. Throws a
 * `FileRefused` if no name begins with `prefix`.
 */
export function selectTensors<T>(
  tensors: ReadonlyMap<string, T>,
  prefix?: string,
): SelectedTensors<T> {
  const all = new Map([...tensors].filter(([name]) => !COUNTER.test(name)));
  const open = unwrapped(all);
  return prefix === undefined ? selectStudent(open) : selectBelow(prefix, all, open);
}

function selectBelow<T>(
  prefix: string,
  all: ReadonlyMap<string, T>,
  open: ReadonlyMap<string, T>,
): SelectedTensors<T> {
  const start = prefix.endsWith(".") ? prefix : `${prefix}.`;
  const bare = new Map(Array.from(all, ([name, tensor]) => [withoutWrappers(name), tensor]));
  const found = [all, open, bare].map((named) => below(named, start)).find(({ size }) => size > 0);
  if (found) return { tensors: unwrapped(found), prefix: start, notes: [] };
  throw new FileRefused(
    `has no tensor whose name begins with ${quoteText(start)}; its names begin with ${
      [...firstParts(open).keys()].slice(0, MAX_LISTED).map(quoteText).join(", ") || "nothing"
    }`,
  );
}

function selectStudent<T>(open: Map<string, T>): SelectedTensors<T> {
  for (const outer of ["", ...commonPrefixes([...open.keys()])]) {
    const prefix = `${outer}student.`;
    const student = below(open, prefix);
    if (student.size === 0) continue;
    const others = [...firstParts(below(open, outer))].filter(([part]) => part !== "student.")
      .slice(0, MAX_LISTED).map(([part, count]) => `${quoteText(outer + part)} (${count})`);
    const note = `the ${student.size} tensors of ${quoteText(prefix)} are taken; ` +
      `\`prefix\` takes others: ${others.join(", ")}`;
    return { tensors: unwrapped(student), prefix, notes: others.length > 0 ? [note] : [] };
  }
  return { tensors: open, prefix: "", notes: [] };
}

/** A message lists so many first parts of names at most. */
const MAX_LISTED = 10;

/** The tensors whose names begin with a prefix, without it. */
export function below<T>(tensors: ReadonlyMap<string, T>, prefix: string): Map<string, T> {
  return new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(prefix) && name.length > prefix.length
        ? [[name.slice(prefix.length), tensor]]
        : []
    ),
  );
}

/** The tensors without the names of wrappers that every name begins with. */
function unwrapped<T>(tensors: Map<string, T>): Map<string, T> {
  const [first] = tensors.keys();
  const wrapper = first === undefined ? undefined : WRAPPER.exec(first)?.[0];
  if (wrapper === undefined) return tensors;
  const inner = below(tensors, wrapper);
  return inner.size === tensors.size ? unwrapped(inner) : tensors;
}

/** How many names begin with each first part, such as `student.`. */
function firstParts<T>(tensors: ReadonlyMap<string, T>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of tensors.keys()) {
    const part = name.slice(0, name.indexOf(".") + 1) || name;
    counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  return counts;
}

/** The prefixes that all names have, ending with a dot, from the shortest on: `a.`, `a.b.`. */
export function commonPrefixes(names: readonly string[]): string[] {
  return prefixesOf(names[0] ?? "").filter((prefix) =>
    names.every((name) => name.startsWith(prefix))
  );
}

/** The prefixes of a name, ending with a dot, from the shortest on. */
export const prefixesOf = (name: string): string[] =>
  [...name.matchAll(/\./g)].map(({ index }) => name.slice(0, index + 1));

/** A name without the names of wrappers anywhere in it, as in `features.module.0.weight`. */
export const withoutWrappers = (name: string): string =>
  name.split(".").filter((part) => !WRAPPER.test(`${part}.`)).join(".");

/** PyTorch's names of a batch norm's variables. */
const NORM_NAMES: Readonly<Record<string, string>> = {
  scale: "weight",
  offset: "bias",
  mean: "running_mean",
  variance: "running_var",
};

/**
 * The name of a network's variable in RepDistiller, mdistiller and the code built on them, e.g.
 * `layer1.0.bn1.weight` for `block1.0.body.0.norm.scale`. Throws if the network does not have the
 * variable.
 */
export function referenceName({ id, names }: Net, variable: string): string {
  const [, path, kind] = variable.match(/^(.+)\.(\w+)$/) ?? [];
  const [, convolution] = path?.match(/^(.+)\.norm$/) ?? [];
  const normName = convolution && names?.(convolution)?.[1];
  const ownName = path && names?.(path)?.[0];
  if (normName && NORM_NAMES[kind]) return `${normName}.${NORM_NAMES[kind]}`;
  if (ownName) return `${ownName}.${NORM_NAMES[kind] ?? kind}`;
  const alone = path && names?.(variable)?.[0];
  if (alone) return alone;
  throw new Error(`${variable} is not a variable of ${id} that the reference implementations have`);
}
