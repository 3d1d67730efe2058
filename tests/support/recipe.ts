/** The generator of the golden networks' weights, as the goldens' manifest describes it. */
import { sizeOf } from "../../lib/nn/variables.ts";
import type { Numbers } from "./goldens.ts";

/** mulberry32, seeded with the FNV-1a hash of a text: numbers in [0, 1). */
function uniforms(text: string): () => number {
  let state = new TextEncoder().encode(text).reduce(
    (hash, byte) => Math.imul(hash ^ byte, 0x01000193),
    0x811c9dc5,
  );
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The role of a tensor. It decides how uniform numbers become elements. */
export type Role =
  | "weight"
  | "bias"
  | "norm.weight"
  | "norm.bias"
  | "embedding"
  | "image"
  | "pixel";

/** The facts of a network's case that decide its weights. */
export interface Recipe {
  readonly seed: number;
  /** The parameters' shapes by name. */
  readonly param_shapes: Readonly<Record<string, readonly number[]>>;
  /** The names of the batch norms' statistics. */
  readonly bn_order: readonly string[];
  /** The names of the layer norms. Default: none. */
  readonly norm_order?: readonly string[];
  /** The shapes of frozen batch norms' weights and biases, which are no parameters. Default: none. */
  readonly bn_affine?: Readonly<Record<string, readonly number[]>>;
  /** The bound of each of these weights in place of its role's. Default: none. */
  readonly recipe_gains?: Readonly<Record<string, number>>;
}

/** Generates a network's weight, a tensor in PyTorch's layout, by its name. */
export function recipeWeight(
  { seed, param_shapes, bn_order, norm_order = [], bn_affine = {}, recipe_gains = {} }: Recipe,
  name: string,
): Numbers {
  const layer = name.slice(0, name.lastIndexOf("."));
  const isNorm = norm_order.includes(layer) || bn_order.includes(`${layer}.running_mean`);
  const kind = name.endsWith(".bias") ? "bias" : "weight";
  const isEmbedding = /^(\w+_token|pos_embed)$/.test(name);
  const role = isNorm ? `norm.${kind}` as const : isEmbedding ? "embedding" : kind;
  return recipe(seed, name, param_shapes[name] ?? bn_affine[name], role, recipe_gains[name]);
}

/** Layers of a transformer that start twice as large, so that attention is not flat. */
const DOUBLED = /\.(attn\.qkv|mlp\.fc1)\.weight$/;

/**
 * Generates a tensor in PyTorch's layout from the case's seed and the tensor's name. `gain`: the
 * bound of its elements, in place of its role's.
 */
export function recipe(
  seed: number,
  name: string,
  shape: readonly number[],
  role: Role,
  gain?: number,
): Numbers {
  const [out, inputs, kh, kw] = shape;
  const u = uniforms(`${seed}:${name}`);
  const conv = Math.sqrt(2 / (out * kh * kw));
  const linear = Math.sqrt(inputs) / (DOUBLED.test(name) ? 2 : 1);
  const element: Record<Role, () => number> = {
    "weight": shape.length === 4
      ? () => (2 * u() - 1) * Math.sqrt(3) * conv
      : () => (2 * u() - 1) / linear,
    "bias": () => 0.2 * u() - 0.1,
    "norm.weight": () => 0.7 + 0.6 * u(),
    "norm.bias": () => 0.4 * u() - 0.2,
    "embedding": () => 0.04 * u() - 0.02,
    "image": () => 4 * u() - 2,
    "pixel": u,
  };
  const one = gain === undefined ? element[role] : () => (2 * u() - 1) * gain;
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, one) };
}
