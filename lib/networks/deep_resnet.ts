import { convNorm, type ConvOptions } from "../nn/conv.ts";
import type { Layer } from "../nn/layer.ts";
import { dense, globalAveragePool, relu, residual, seq } from "../nn/layers.ts";
import { type Classifier, classifier, type DesignSize } from "../nn/network.ts";
import { type LayerNames, type Stage, stage } from "../nn/stage.ts";

/** A deep ResNet's taps: the stem and four stages of one resolution each. */
export type DeepResnet = Classifier<"stem" | "block1" | "block2" | "block3" | "block4">;

/** Makes a convolution and the norm after it. */
export type ConvNorm = (channels: number, options?: ConvOptions) => Layer;

/** The differences between deep ResNets for small images and for large ones. */
export interface DeepResnetParts {
  /** The stem without the ReLU at its end. */
  readonly stem: Layer;
  /** Makes each convolution of a block. Default: one with a batch norm. */
  readonly convNorm?: ConvNorm;
  /** Number of channels of the first stage's inner convolutions. Default: 64. */
  readonly width?: number;
  /** A layer between the stem's tap and the first block. Default: none. */
  readonly opening?: Layer;
  /** The reference implementation's names of a block's projection and of the dense layer. */
  readonly names: { readonly shortcut: string; readonly logits: string };
  /** The images and classes that it was designed for, if these are large. */
  readonly designSize?: DesignSize;
}

/** The number of blocks in each of the four stages. */
export type Depths = readonly [number, number, number, number];

const SMALL: DeepResnetParts = {
  stem: convNorm(64),
  names: { shortcut: "shortcut", logits: "linear" },
};

/**
 * ResNet of four stages (He et al., 2016, section 4.1) with 64, 128, 256 and 512 channels unless
 * `width` differs, four times as many with bottleneck blocks. The stride of a bottleneck is in its 3×3 convolution.
 */
export function deepResnet(
  id: string,
  blocks: Depths,
  bottleneck: boolean,
  parts: DeepResnetParts,
): DeepResnet {
  const { convNorm: layer = convNorm, width = 64 } = parts;
  const body = bottleneck ? bottleneckBody : basicBody;
  const block = (number: number): Stage => (create, input) => {
    const channels = width * 2 ** (number - 1);
    const out = bottleneck ? 4 * channels : channels;
    const layers: Layer[] = number === 1 && parts.opening ? [parts.opening] : [];
    for (let i = 0; i < blocks[number - 1]; i++) {
      const first = i === 0;
      const stride = first && number > 1 ? 2 : 1;
      const project = first && (stride > 1 || input.at(-1) !== out);
      const shortcut = project ? layer(out, { kernel: 1, stride }) : undefined;
      if (!first) layers.push(relu());
      layers.push(residual(body(layer, channels, stride), shortcut));
    }
    return stage(seq(...layers), relu())(create, input);
  };
  return classifier(
    id,
    {},
    (classes) => ({
      stem: stage(parts.stem, relu()),
      block1: block(1),
      block2: block(2),
      block3: block(3),
      block4: block(4),
      pooled: stage(globalAveragePool()),
      logits: stage(dense(classes)),
    }),
    (path) => names(path, parts),
    parts.designSize,
  );
}

/** Two 3×3 convolutions. */
function basicBody(layer: ConvNorm, channels: number, stride: number): Layer {
  return seq(layer(channels, { stride }), relu(), layer(channels));
}

/** A 3×3 convolution between two 1×1 ones, the last to four times as many channels. */
function bottleneckBody(layer: ConvNorm, channels: number, stride: number): Layer {
  return seq(
    layer(channels, { kernel: 1 }),
    relu(),
    layer(channels, { stride }),
    relu(),
    layer(4 * channels, { kernel: 1 }),
  );
}

/**
 * The references' names. A ReLU stands between two blocks, and between two convolutions of a block.
 */
function names(
  path: string,
  { opening, names: { shortcut, logits } }: DeepResnetParts,
): LayerNames | undefined {
  if (path === "stem") return ["conv1", "bn1"];
  if (path === "logits") return [logits];
  const [, stage, position, part] = path.match(/^block(\d)\.(\d+)\.(body\.[024]|shortcut)$/) ?? [];
  if (!part) return;
  const block = `layer${stage}.${
    Math.floor((Number(position) - (stage === "1" && opening ? 1 : 0)) / 2)
  }`;
  if (part === "shortcut") return [`${block}.${shortcut}.0`, `${block}.${shortcut}.1`];
  const number = Number(part.at(-1)) / 2 + 1;
  return [`${block}.conv${number}`, `${block}.bn${number}`];
}

/** ResNet with 18 layers for small images. */
export const resnet18: DeepResnet = deepResnet("resnet18", [2, 2, 2, 2], false, SMALL);
/** ResNet with 34 layers for small images. */
export const resnet34: DeepResnet = deepResnet("resnet34", [3, 4, 6, 3], false, SMALL);
/** ResNet with 50 layers for small images. */
export const resnet50: DeepResnet = deepResnet("resnet50", [3, 4, 6, 3], true, SMALL);
/** ResNet with 101 layers for small images. */
export const resnet101: DeepResnet = deepResnet("resnet101", [3, 4, 23, 3], true, SMALL);
/** ResNet with 152 layers for small images. */
export const resnet152: DeepResnet = deepResnet("resnet152", [3, 8, 36, 3], true, SMALL);
