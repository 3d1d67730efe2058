import type { Net } from "../nn/network.ts";

/**
 * A state dict by the names that the network alone gives its tensors, in the same order. `module.`,
 * which data parallelism puts before every name, comes off; of a distiller saved as a whole, as
 * mdistiller does, the `student.` stays; counters of batches, which no network of ours has, are
 * left out.
 */
export function plainNames<Held>(tensors: ReadonlyMap<string, Held>): Map<string, Held> {
  let names = [...tensors.keys()].map((name): [plain: string, name: string] => [name, name]);
  const cut = (prefix: string) => {
    names = names.filter(([plain]) => plain.startsWith(prefix)).map((
      [plain, name],
    ) => [plain.slice(prefix.length), name]);
  };
  const has = (prefix: string) => ([plain]: [string, string]) => plain.startsWith(prefix);
  while (names.length > 0 && names.every(has("module."))) cut("module.");
  if (names.some(has("student."))) cut("student.");
  while (names.length > 0 && names.every(has("module."))) cut("module.");
  const kept = names.filter(([plain]) => !/(^|\.)num_batches_tracked$/.test(plain));
  return new Map(kept.map(([plain, name]) => [plain, tensors.get(name)!]));
}

/** PyTorch's names of a batch norm's variables. */
const norm: Readonly<Record<string, string>> = {
  scale: "weight",
  offset: "bias",
  mean: "running_mean",
  variance: "running_var",
};

/**
 * What a network's variable is called in RepDistiller, mdistiller and the code built on them, e.g.
 * `layer1.0.bn1.weight` for `block1.0.body.0.norm.scale`. Throws for a name that the network does
 * not have.
 */
export function referenceName({ id, names }: Net, variable: string): string {
  const [, path, kind] = variable.match(/^(.+)\.(\w+)$/) ?? [];
  const [, before] = path?.match(/^(.+)\.norm$/) ?? [];
  const behind = before && names?.(before)?.[1];
  const own = path && names?.(path)?.[0];
  if (behind && norm[kind]) return `${behind}.${norm[kind]}`;
  if (own) return `${own}.${norm[kind] ?? kind}`;
  throw new Error(`${variable} is not a variable of ${id} that the reference implementations have`);
}
