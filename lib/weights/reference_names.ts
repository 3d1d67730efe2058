import type { Net } from "../nn/network.ts";

/** PyTorch's names of a batch norm's variables. */
const norm: Readonly<Record<string, string>> = {
  scale: "weight",
  offset: "bias",
  mean: "running_mean",
  variance: "running_var",
};

/**
 * What a network's variable is called in RepDistiller, mdistiller and the code built on them, e.g. `layer1.0.bn1.weight`
 * for `block1.0.body.0.norm.scale`. Throws for a name that the network does not have.
 */
export function referenceName({ id, names }: Net, variable: string): string {
  const [, path, kind] = variable.match(/^(.+)\.(\w+)$/) ?? [];
  const [, before] = path?.match(/^(.+)\.norm$/) ?? [];
  const behind = before && names?.(before)?.[1], own = path && names?.(path)?.[0];
  if (behind && norm[kind]) return `${behind}.${norm[kind]}`;
  if (own) return `${own}.${norm[kind] ?? kind}`;
  throw new Error(`${variable} is not a variable of ${id} that the reference implementations have`);
}
