import { convNorm } from "../nn/conv.ts";
import type { Layer } from "../nn/layer.ts";
import { dense, globalAveragePool, relu, residual, seq } from "../nn/layers.ts";
import { type Classifier, classifier } from "../nn/network.ts";
import { type LayerNames, stage } from "../nn/stage.ts";
import { constant, normal } from "../nn/variables.ts";

/** A MobileNetV2's taps: the stem and four groups of its seven stages. No ReLU ends a group. */
export type Mobilenetv2 = Classifier<"stem" | "block1" | "block2" | "block3" | "block4">;

/** Options of `mobilenetv2`. */
export interface Mobilenetv2Options {
  /** Factor on the numbers of channels: ½ in the CRD benchmark, 1 in SAKD. Default: ½. */
  readonly width?: number;
}

/** Expansion, channels, blocks and stride of the seven stages. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 1],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** The first stage of each block. */
const FIRST = { block1: 0, block2: 2, block3: 3, block4: 5 } as const;

/**
 * MobileNetV2 for small images (Sandler et al., 2018) as in the distillation benchmarks: without
 * the stride that the second stage has on large images, and with ReLU in place of ReLU6. Default:
 * half its width.
 */
export function mobilenetv2({ width = 0.5 }: Mobilenetv2Options = {}): Mobilenetv2 {
  const stages = STAGES.map(([expansion, channels, blocks, stride]) =>
    inverted(expansion, Math.floor(channels * width), blocks, stride)
  );
  return classifier("mobilenetv2", { width }, (classes) => ({
    stem: stage(convNorm(Math.floor(32 * width), { stride: 2 }), relu()),
    block1: stage(seq(...stages.slice(FIRST.block1, FIRST.block2))),
    block2: stage(seq(...stages.slice(FIRST.block2, FIRST.block3))),
    block3: stage(seq(...stages.slice(FIRST.block3, FIRST.block4))),
    block4: stage(seq(...stages.slice(FIRST.block4))),
    pooled: stage(seq(convNorm(1280, { kernel: 1 }), relu(), globalAveragePool())),
    logits: stage(dense(classes, { initial: normal(0.01), biasInitial: constant(0) })),
  }), names);
}

/**
 * Blocks that expand by a 1×1 convolution, convolve each channel separately and narrow again. The
 * first block has the stride.
 */
function inverted(expansion: number, channels: number, blocks: number, stride: number): Layer {
  const block = (stride: number): Layer => (create, input) => {
    const hidden = input[2] * expansion;
    const body = seq(
      convNorm(hidden, { kernel: 1 }),
      relu(),
      convNorm(hidden, { stride, groups: hidden }),
      relu(),
      convNorm(channels, { kernel: 1 }),
    );
    return (stride === 1 && input[2] === channels ? residual(body) : body)(create, input);
  };
  return seq(...Array.from({ length: blocks }, (_, i) => block(i === 0 ? stride : 1)));
}

/**
 * RepDistiller's and mdistiller's names. A layer counts as three there (convolution, norm, ReLU),
 * here as two.
 */
function names(path: string): LayerNames | undefined {
  if (path === "stem") return ["conv1.0", "conv1.1"];
  if (path === "pooled.0") return ["conv2.0", "conv2.1"];
  if (path === "logits") return ["classifier.0"];
  const [, group, stage, position, layer] =
    path.match(/^(block\d)\.(\d)\.(\d)\.(?:body\.)?([024])$/) ?? [];
  if (!layer) return;
  const conv = `blocks.${FIRST[group as keyof typeof FIRST] + Number(stage)}.${position}.conv`;
  const first = 1.5 * Number(layer);
  return [`${conv}.${first}`, `${conv}.${first + 1}`];
}
