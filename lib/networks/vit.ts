import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import { selfAttention, transformerInitialisers } from "../nn/attention.ts";
import { conv } from "../nn/conv.ts";
import { dropPath, dropPathRates } from "../nn/drop_path.ts";
import { defaultInitialisers, module } from "../nn/layer.ts";
import { layerNorm } from "../nn/layer_norm.ts";
import { dense, gelu, residual, seq } from "../nn/layers.ts";
import type { Classifier, DesignSize, Net } from "../nn/network.ts";
import type { Pass } from "../nn/pass.ts";
import { type Grid, resizePositions, type Resizing } from "../nn/positions.ts";
import { type LayerNames, type Stage, stage, type StageModule } from "../nn/stage.ts";
import { normal, type Shape, type Variable, type Variables } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import type { Json } from "../values/json.ts";
import { atLeast, below1, checkRanges, whole } from "../values/range.ts";

/**
 * The taps of `L` blocks, `attention1`, `block1`, `attention2` and so on: `Found` and those after
 * the blocks `Before`. None if L is any number, or no whole one.
 */
export type BlockTaps<L extends number, Before extends readonly 0[] = [], Found = never> =
  number extends L ? never
    : `${L}` extends `-${string}` | `${string}${"." | "e"}${string}` ? never
    : Before["length"] extends L ? Found & string
    : BlockTaps<L, [...Before, 0], Found | NumberedTaps<[...Before, 0]["length"]>>;

/** The taps of the block of this number. */
export type NumberedTaps<I extends number> = `attention${I}` | `block${I}`;

/**
 * The taps of a vision transformer of `L` blocks. `embedded` and `block1`, `block2` … are maps of
 * the patches, [rows, columns, width], whose `next` are all tokens, the class token first: [tokens,
 * width]. `attention1` … are each head's probabilities in that block, [heads, tokens, tokens], whose
 * `next` are all tokens between its attention and its dense branch. `pooled` is the class token
 * after the last norm, [width].
 */
export type Vit<L extends number = 12> =
  & Classifier<"embedded" | BlockTaps<L>>
  & { readonly tokens: "class" };

/**
 * The taps of a vision transformer of `L` blocks with a distillation token, the second of all
 * tokens. It has those of `Vit`; the `next` of `pooled` are class and distillation token, [2,
 * width]. `distilled` is the distillation token after the last norm, [width], with the same `next`;
 * `heads` are the logits of the class head and of the distillation head, [2, classes].
 */
export type DistilledVit<L extends number = 12> =
  & Classifier<"embedded" | BlockTaps<L> | "distilled" | "heads">
  & { readonly tokens: "class and distillation" };

/** Options of `vit`. */
export interface VitOptions<L extends number = 12> {
  /** Side of the square patches, which has to divide the images' sides. Default: 16. */
  readonly patch?: number;
  /** Number of blocks. Default: 12. */
  readonly depth?: L;
  /** Number of channels of a token. Default: 192. */
  readonly width?: number;
  /** Number of attention heads, which has to divide the width. Default: 3. */
  readonly heads?: number;
  /**
   * Stochastic depth: the share of samples that skip a branch of the last block. The share rises
   * evenly from 0 in the first block. Default: 0.
   */
  readonly dropPath?: number;
  /**
   * Standard deviation of the class token's initial values. Default: 1e-6 (timm); DeiT has 0.02
   * (timm 0.3.2).
   */
  readonly classDeviation?: number;
  /**
   * How the positions of weights for images of another size are resized: bicubic with antialiasing
   * and a = −0.5 (timm), or without and a = −0.75 (DeiT). Retort's files record the shape of their
   * images. Images of any other file count as square, and its positions fit if their number is the
   * same. Default: timm.
   */
  readonly resizing?: Resizing;
}

/** Options of `distilledVit`. */
export interface DistilledVitOptions<L extends number = 12> extends VitOptions<L> {
  /**
   * Whether weight decay applies to the distillation token. Default: no (timm); in DeiT it does
   * (timm 0.3.2).
   */
  readonly decayDistillation?: boolean;
  /**
   * The logits by which the network scores: the mean of both heads', or the class head's alone.
   * Default: the mean (DeiT).
   */
  readonly logits?: "mean" | "class";
}

/**
 * Vision transformer (Dosovitskiy et al., 2021; Touvron et al., 2021): patches become tokens with
 * learned positions, after a class token. Then come pre-norm blocks of self-attention and of a
 * dense branch with GELU, four times as wide inside. The class token is scored. Default: the tiny
 * one with patches of 16 × 16. Throws a `Failure` (exit 2) if an option is out of its range.
 *
 * @example
 * ```ts
 * import { vit } from "@retort/retort";
 *
 * export const small = vit({ patch: 4, depth: 6, width: 96, heads: 3 });
 * ```
 */
export function vit<const L extends number = 12>(options: VitOptions<L> = {}): Vit<L> {
  const network = transformer("vit", options, {}, [], (classes) => ({
    pooled: pooled(1),
    logits: stage(dense(classes, transformerInitialisers)),
  }));
  return { ...network, tokens: "class" } as Vit<L>;
}

/**
 * DeiT's vision transformer (Touvron et al., 2021): `vit` with a second token, for distillation,
 * and a head on it. Throws a `Failure` (exit 2) if an option is out of its range.
 *
 * @example
 * ```ts
 * import { distilledVit } from "@retort/retort";
 *
 * export const small = distilledVit({ patch: 4, depth: 6, width: 96, heads: 3, dropPath: 0.1 });
 * ```
 */
export function distilledVit<const L extends number = 12>(
  { decayDistillation = false, logits = "mean", ...options }: DistilledVitOptions<L> = {},
): DistilledVit<L> {
  const own = {
    ...decayDistillation ? { decayDistillation } : {},
    ...logits === "mean" ? {} : { logits },
  };
  const token: Token = (create, width) => {
    const scope = decayDistillation ? create : create.at({ weightDecay: 0 });
    return scope.variable("distillation", [1, 1, width], normal(DEVIATION));
  };
  const network = transformer("deit", options, own, [token], (classes) => ({
    pooled: pooled(2),
    distilled,
    heads: twoHeads(classes, logits),
    logits: logits === "class" ? classLogits : meanLogits,
  }));
  return { ...network, tokens: "class and distillation" } as DistilledVit<L>;
}

/** Makes a token that is put before the patches: [1, 1, width]. */
type Token = (create: Variables, width: number) => Variable;

/** Standard deviation of initial values, of which the reference cuts none. */
const DEVIATION = 0.02;

/** Names of the widths, depths and heads that DeiT has. */
const SIZES: Readonly<Record<string, string>> = {
  "192 12 3": "tiny",
  "384 12 6": "small",
  "768 12 12": "base",
};

/**
 * A transformer of this kind. `own`: options that its head has. `tokens` follow the class token.
 * `head`: the stages after the blocks.
 */
function transformer(
  kind: "vit" | "deit",
  options: VitOptions<number>,
  own: { readonly [option: string]: Json },
  tokens: readonly Token[],
  head: (classes: number) => Readonly<Record<string, Stage>>,
): Net {
  const { patch = 16, depth = 12, width = 192, heads = 3 } = options;
  const { dropPath: rate = 0, classDeviation = 1e-6, resizing = "timm" } = options;
  checkRanges(kind, { patch, depth, width, heads, dropPath: rate, classDeviation }, {
    patch: whole(),
    depth: whole(),
    width: whole(),
    heads: whole(),
    dropPath: below1,
    classDeviation: atLeast(0),
  });
  if (width % heads !== 0) {
    throw new Failure(2, `${kind}: \`width\` is ${width}; it has to be a multiple of \`heads\``);
  }
  const size = SIZES[`${width} ${depth} ${heads}`] ?? `d${width}_l${depth}_h${heads}`;
  const classToken: Token = (create, width) =>
    create.at({ weightDecay: 0 }).variable("class", [1, 1, width], normal(classDeviation));
  const before = [classToken, ...tokens];
  const rates = dropPathRates(rate, depth);
  const grid = ([height, columns]: Shape): Grid => [height / patch, columns / patch];
  return {
    id: `${kind}_${size}_p${patch}`,
    options: {
      ...rate === 0 ? {} : { dropPath: rate },
      ...classDeviation === 1e-6 ? {} : { classDeviation },
      ...resizing === "timm" ? {} : { resizing },
      ...own,
    },
    designSize: designSize(patch),
    names,
    resize(variable, { shape, data }, { from, to }) {
      if (variable !== "embedded.positions") return;
      const patches = shape[1] - before.length;
      const side = Math.sqrt(patches);
      const [rows, columns] = from ? grid(from) : [side, side];
      if (from && rows * columns !== patches) {
        return `has ${patches} patches, and not the ${rows}×${columns} of its images`;
      }
      if (!from && !Number.isInteger(side)) {
        return `has ${patches} patches, no square, and the file does not name its images`;
      }
      return resizePositions(data, before.length, [rows, columns], grid(to), resizing);
    },
    stages(classes, image) {
      const map = [...grid(image), width];
      return {
        embedded: embedded(patch, width, before),
        ...Object.assign(
          {},
          ...rates.map((rate, i) => ({
            [`attention${i + 1}`]: attention(heads, rate),
            [`block${i + 1}`]: denseBranch(map, rate),
          })),
        ),
        ...head(classes),
      };
    },
  };
}

/** The size of the data sets that such patches are used for. */
function designSize(patch: number): DesignSize {
  const [size, classes] = patch < 8 ? [32, 100] : patch < 12 ? [64, 200] : [224, 1000];
  return { size: patch * Math.ceil(size / patch), classes };
}

/** The tokens of an image: those in `before`, then its patches row by row, all with positions. */
function embedded(patch: number, width: number, before: readonly Token[]): Stage {
  return (create, image) => {
    if (image.slice(0, 2).some((side) => side % patch !== 0)) {
      throw new Failure(
        2,
        `images of ${image.join("×")} cannot be cut into patches of ${patch}×${patch}: ` +
          "choose a `patch` that divides their sides",
      );
    }
    const options = { kernel: patch, stride: patch, padding: 0, bias: true };
    const initialisers = defaultInitialisers(patch * patch * image[2]);
    const cut = conv(width, { ...options, ...initialisers })(create.in("patches"), image);
    const first = before.map((token) => token(create, width));
    const [rows, columns] = cut.shape;
    const patches = rows * columns;
    const tokens = before.length + patches;
    const positions = create.at({ weightDecay: 0 })
      .variable("positions", [1, tokens, width], normal(DEVIATION));
    const run = (x: Tensor, pass: Pass): Tensor => {
      const cutOut = cut(x, pass);
      const flat = tf.reshape(cutOut, [cutOut.shape[0], patches, width]);
      const tokensAlone = tf.concat(first.map((token) => pass.read(token)), 1);
      // Padded, the tokens need no copy for each image.
      const same = tf.add(
        pass.read(positions),
        tf.pad(tokensAlone, [[0, 0], [0, patches], [0, 0]]),
      );
      return tf.add(tf.pad(flat, [[0, 0], [before.length, 0], [0, 0]]), same);
    };
    return withPatchMap(run, cut.shape, tokens, cut.multiplyAdds);
  };
}

/** A stage from tokens to tokens, or an image to tokens, whose tap is the map of the patches. */
function withPatchMap(
  run: (x: Tensor, pass: Pass) => Tensor,
  map: Shape,
  tokens: number,
  multiplyAdds: number,
): StageModule {
  const [rows, columns, width] = map;
  const before = tokens - rows * columns;
  const stage = (x: Tensor, pass: Pass) => {
    const next = run(x, pass);
    const patches = tf.slice(next, [0, before, 0], [-1, rows * columns, width]);
    const out = tf.reshape(patches, [next.shape[0], ...map]);
    return { out, pre: out, next };
  };
  return Object.assign(stage, { shape: map, nextShape: [tokens, width], multiplyAdds });
}

/** The attention branch of a block, which is dropped at `rate`. */
function attention(heads: number, rate: number): Stage {
  return (create, input) => {
    const [tokens] = input;
    const normalise = layerNorm()(create.in("norm"), input);
    const attend = selfAttention(heads)(create, input);
    const drop = dropPath(rate)(create, input);
    const run = (x: Tensor, pass: Pass) => {
      const { out, probabilities } = attend(normalise(x, pass), pass);
      return { out: probabilities, pre: probabilities, next: tf.add(x, drop(out, pass)) };
    };
    const { multiplyAdds, productMultiplyAdds } = attend;
    return Object.assign(run, {
      shape: [heads, tokens, tokens],
      isMap: false,
      nextShape: input,
      multiplyAdds,
      productMultiplyAdds,
    });
  };
}

/** The dense branch of a block, which is dropped at `rate`. `map`: the shape of the patches. */
function denseBranch(map: Shape, rate: number): Stage {
  return (create, input) => {
    const [tokens, width] = input;
    const branch = seq(
      layerNorm(),
      dense(4 * width, transformerInitialisers),
      gelu(),
      dense(width, transformerInitialisers),
      dropPath(rate),
    );
    const block = residual(branch)(create, input);
    return withPatchMap(block, map, tokens, block.multiplyAdds);
  };
}

/** The first `count` tokens after the last norm: the tap is the first one, all of them go on. */
function pooled(count: 1 | 2): Stage {
  return (create, input) => {
    const [tokens, width] = input;
    if (input.length !== 2 || tokens < count) {
      throw new Failure(
        2,
        `a transformer's head takes tokens, not [${input}]: choose another head`,
      );
    }
    const normalise = layerNorm()(create.in("norm"), [count, width]);
    const run = (x: Tensor, pass: Pass) => {
      const next = normalise(tf.slice(x, [0, 0, 0], [-1, count, width]), pass);
      const out = row(next, 0);
      return count === 1 ? { out, pre: out } : { out, pre: out, next };
    };
    const shapes = count === 1 ? {} : { nextShape: [count, width] };
    return Object.assign(run, { shape: [width], multiplyAdds: 0, ...shapes });
  };
}

/** A row of [batch, rows, columns]: [batch, columns]. */
function row(x: Tensor, index: number): Tensor {
  const [batch, , columns] = x.shape as [number, number, number];
  return tf.reshape(tf.slice(x, [0, index, 0], [-1, 1, columns]), [batch, columns]);
}

/** Class and distillation token, of which the second is the tap. */
const distilled: Stage = (_, [rows, width]) => {
  const run = (x: Tensor) => {
    const out = row(x, 1);
    return { out, pre: out, next: x };
  };
  return Object.assign(run, { shape: [width], nextShape: [rows, width], multiplyAdds: 0 });
};

/**
 * The logits of the class head on the class token, and of the other head on the other token. If the
 * class head alone scores, its logits go on.
 */
function twoHeads(classes: number, scores: "mean" | "class"): Stage {
  return (create, [rows, width]) => {
    const heads = ["class", "distillation"].map((name) =>
      dense(classes, transformerInitialisers)(create.in(name), [width])
    );
    const run = (x: Tensor, pass: Pass) => {
      const logits = heads.map((head, i) => head(row(x, i), pass));
      const out = tf.stack(logits, 1);
      // Through a row of `out`, zeros would reach the other head as gradient, and let it decay.
      return scores === "mean" ? { out, pre: out } : { out, pre: out, next: logits[0] };
    };
    return Object.assign(run, {
      shape: [rows, classes],
      multiplyAdds: heads.reduce((sum, head) => sum + head.multiplyAdds, 0),
      nextShape: scores === "mean" ? undefined : [classes],
    });
  };
}

const meanLogits: Stage = stage((_, [, classes]) => module((x) => tf.mean(x, 1), [classes]));

const classLogits: Stage = stage((_, shape) => module((x) => x, shape));

/** The names of the tokens and layers in timm and DeiT, which count blocks from 0. */
const NAMES: Readonly<Record<string, string>> = {
  "embedded.patches": "patch_embed.proj",
  "embedded.class": "cls_token",
  "embedded.distillation": "dist_token",
  "embedded.positions": "pos_embed",
  "pooled.norm": "norm",
  "logits": "head",
  "heads.class": "head",
  "heads.distillation": "head_dist",
};

const BLOCK_NAMES: Readonly<Record<string, string>> = {
  "attention.norm": "norm1",
  "attention.qkv": "attn.qkv",
  "attention.projection": "attn.proj",
  "block.body.0": "norm2",
  "block.body.1": "mlp.fc1",
  "block.body.3": "mlp.fc2",
};

function names(path: string): LayerNames | undefined {
  const [, branch, number, layer] = path.match(/^(attention|block)(\d+)\.(.+)$/) ?? [];
  const name = branch ? BLOCK_NAMES[`${branch}.${layer}`] : NAMES[path];
  if (name) return [branch ? `blocks.${Number(number) - 1}.${name}` : name];
}

/** ViT-Tiny/16, as large as DeiT-Tiny. */
export const vitTiny: Vit = vit();
/** ViT-Small/16, as large as DeiT-Small. */
export const vitSmall: Vit = vit({ width: 384, heads: 6 });
/** ViT-Base/16, as large as DeiT-Base. */
export const vitBase: Vit = vit({ width: 768, heads: 12 });
/** DeiT-Tiny/16 with a distillation token. */
export const deitTiny: DistilledVit = distilledVit();
/** DeiT-Small/16 with a distillation token. */
export const deitSmall: DistilledVit = distilledVit({ width: 384, heads: 6 });
/** DeiT-Base/16 with a distillation token. */
export const deitBase: DistilledVit = distilledVit({ width: 768, heads: 12 });
