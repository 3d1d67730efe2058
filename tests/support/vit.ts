/** Vision transformers as the goldens describe them. */
import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../lib/kernels/random_uniform.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import { distilledVit, type DistilledVitOptions, vit } from "../../lib/networks/vit.ts";
import type { Net } from "../../lib/nn/network.ts";
import type { Stage } from "../../lib/nn/stage.ts";
import { scriptedRandom } from "./scripted_random.ts";

/** The arguments of a transformer of timm. */
export interface VitArgs {
  readonly distilled: boolean;
  readonly img_size: readonly [height: number, width: number];
  readonly patch_size: number;
  readonly embed_dim: number;
  readonly depth: number;
  readonly num_heads: number;
  readonly num_classes: number;
  /** What every transformer here has. Default: the same. */
  readonly mlp_ratio?: number;
  readonly qkv_bias?: boolean;
  readonly norm_eps?: number;
}

/** A transformer with the taps that all of them have. */
export type Transformer = Net<"embedded" | "pooled" | "logits">;

/** A transformer with two heads. */
export type TwoHeaded = Net<"embedded" | "pooled" | "distilled" | "heads" | "logits">;

/** The arguments of a transformer with two heads. */
export type DistilledArgs = VitArgs & { readonly distilled: true };

/** Whether a transformer has two heads. */
export const isDistilled = (args: VitArgs): args is DistilledArgs => args.distilled;

/**
 * Makes the transformer of these arguments, with stochastic depth. Default: without. `logits` as in
 * `distilledVit`.
 */
export function vitOf(
  args: DistilledArgs,
  dropPath?: number,
  logits?: DistilledVitOptions["logits"],
): TwoHeaded;
export function vitOf(args: VitArgs, dropPath?: number): Transformer;
export function vitOf(
  args: VitArgs,
  dropPath?: number,
  logits?: DistilledVitOptions["logits"],
): Transformer {
  const { mlp_ratio = 4, qkv_bias = true, norm_eps = 1e-6 } = args;
  assertEquals({ mlp_ratio, qkv_bias, norm_eps }, { mlp_ratio: 4, qkv_bias: true, norm_eps: 1e-6 });
  const { patch_size: patch, embed_dim: width, num_heads: heads, depth } = args;
  const options = { patch, width, heads, depth, dropPath };
  return args.distilled ? distilledVit({ ...options, logits }) : vit(options);
}

/**
 * The elements of parameters whose gradient is zero in theory, as a case lists them, e.g.
 * `grad: blocks.*.attn.qkv.bias[96:192]`. Returns whether an element of a parameter is one, or
 * `undefined` for a parameter without.
 */
export function zeroInTheory(
  lines: readonly string[],
): (parameter: string) => ((element: number) => boolean) | undefined {
  const ranges = lines.map((line) => {
    const [, name, from, to] = line.match(/(\S+)\[(\d+):(\d+)\]/)!;
    const pattern = new RegExp(`^${name.replaceAll(".", "\\.").replaceAll("*", "\\d+")}$`);
    return { pattern, from: Number(from), to: Number(to) };
  });
  return (parameter) => {
    const found = ranges.filter(({ pattern }) => pattern.test(parameter));
    if (found.length === 0) return undefined;
    return (element) => found.some(({ from, to }) => element >= from && element < to);
  };
}

/** Gives the shape of an image. */
export const imageOf = ({ img_size }: VitArgs): number[] => [...img_size, 3];

/**
 * Random numbers that keep a branch of the samples where `keep`, [batch], is 1 and drop it where it
 * is 0, at any rate.
 */
export function keeping(keep: Tensor): Random {
  const refuse = () => {
    throw new Error("stochastic depth draws one uniform number for each sample");
  };
  return scriptedRandom(
    ([batch, ...rest]) =>
      rest.length > 0 ? refuse() : tf.reshape(tf.sub(tf.mul(keep, 2), 1), [batch]),
    refuse,
  );
}

/**
 * Makes a transformer whose live passes draw given numbers for stochastic depth: `keep` returns 1
 * for each sample whose branch stays and else 0, [batch], of a block from 0 on and its attention (0)
 * or dense branch (1).
 */
export function withDraws<N extends Net>(
  network: N,
  keep: (block: number, branch: 0 | 1) => Tensor,
): N {
  const drawing = (name: string, stage: Stage): Stage => {
    const [, branch, number] = name.match(/^(attention|block)(\d+)$/) ?? [];
    if (!branch) return stage;
    return (create, input) => {
      const module = stage(create, input);
      const run: typeof module = Object.assign(
        (...[x, pass]: Parameters<typeof module>) =>
          module(
            x,
            pass.training
              ? { ...pass, random: keeping(keep(Number(number) - 1, branch === "block" ? 1 : 0)) }
              : pass,
          ),
        { ...module },
      );
      return run;
    };
  };
  return {
    ...network,
    stages: (classes, image) =>
      Object.fromEntries(
        Object.entries<Stage>(network.stages(classes, image)).map(([name, stage]) => [
          name,
          drawing(name, stage),
        ]),
      ),
  };
}
