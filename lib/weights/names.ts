import type { Net } from "../nn/network.ts";

/**
 * Renames the tensors of a state dict to their names inside the network, in the same order. Removes
 * `module.`, which data parallelism puts before every name. Of a distiller saved as a whole, as
 * mdistiller does, keeps only `student.`. Drops batch counters, which no network of Retort has.
 */
export function networkNames<T>(tensors: ReadonlyMap<string, T>): Map<string, T> {
  let names = [...tensors.keys()].map((name): [short: string, name: string] => [name, name]);
  const keepBelow = (prefix: string) => {
    names = names.filter(([short]) => short.startsWith(prefix)).map((
      [short, name],
    ) => [short.slice(prefix.length), name]);
  };
  const startsWith = (prefix: string) => ([short]: [string, string]) => short.startsWith(prefix);
  while (names.length > 0 && names.every(startsWith("module."))) keepBelow("module.");
  if (names.some(startsWith("student."))) keepBelow("student.");
  while (names.length > 0 && names.every(startsWith("module."))) keepBelow("module.");
  const kept = names.filter(([short]) => !/(^|\.)num_batches_tracked$/.test(short));
  return new Map(kept.map(([short, name]) => [short, tensors.get(name)!]));
}

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
  throw new Error(`${variable} is not a variable of ${id} that the reference implementations have`);
}
