import { convNorm } from "../nn/conv.ts";
import type { Layer } from "../nn/layer.ts";
import { dense, globalAveragePool, relu, residual, seq } from "../nn/layers.ts";
import { type Classifier, classifier } from "../nn/network.ts";
import { type LayerNames, type Stage, stage } from "../nn/stage.ts";

/** A CIFAR ResNet's taps: the stem and three stages of one resolution each. */
export type Resnet = Classifier<"stem" | "block1" | "block2" | "block3">;

/** Two 3×3 convolutions and a shortcut, without the ReLU at the block's end. */
function basicBlock(channels: number, stride: number, project: boolean): Layer {
  const body = seq(convNorm(channels, { stride }), relu(), convNorm(channels));
  return residual(body, project ? convNorm(channels, { kernel: 1, stride }) : undefined);
}

/**
 * ResNet for 32×32 images (He et al., 2016, section 4.2, with projections where the shape changes):
 * a stem and three stages of (depth − 2) / 6 basic blocks. The last two stages start with stride 2.
 */
function resnet(
  id: string,
  depth: number,
  widths: readonly [number, number, number, number],
): Resnet {
  const block = (number: number): Stage => (create, input) => {
    const layers: Layer[] = [];
    for (let i = 0; i < (depth - 2) / 6; i++) {
      const first = i === 0;
      const stride = first && number > 1 ? 2 : 1;
      if (!first) layers.push(relu());
      layers.push(
        basicBlock(
          widths[number],
          stride,
          first && (stride > 1 || input.at(-1) !== widths[number]),
        ),
      );
    }
    return stage(seq(...layers), relu())(create, input);
  };
  return classifier(id, {}, (classes) => ({
    stem: stage(convNorm(widths[0]), relu()),
    block1: block(1),
    block2: block(2),
    block3: block(3),
    pooled: stage(globalAveragePool()),
    logits: stage(dense(classes)),
  }), names);
}

/**
 * RepDistiller's and mdistiller's names. A ReLU stands between two blocks, and between the two
 * convolutions of a block.
 */
function names(path: string): LayerNames | undefined {
  if (path === "stem") return ["conv1", "bn1"];
  if (path === "logits") return ["fc"];
  const [, stage, position, part] =
    path.match(/^block(\d)\.(\d*[02468])\.(body\.0|body\.2|shortcut)$/) ?? [];
  const block = `layer${stage}.${Number(position) / 2}`;
  if (part === "shortcut") return [`${block}.downsample.0`, `${block}.downsample.1`];
  if (part) {
    return part === "body.0"
      ? [`${block}.conv1`, `${block}.bn1`]
      : [`${block}.conv2`, `${block}.bn2`];
  }
}

const thin = [16, 16, 32, 64] as const;
const wide = [32, 64, 128, 256] as const;

/** ResNet with 8 layers, 16 to 64 channels. */
export const resnet8: Resnet = resnet("resnet8", 8, thin);
/** ResNet with 14 layers, 16 to 64 channels. */
export const resnet14: Resnet = resnet("resnet14", 14, thin);
/** ResNet with 20 layers, 16 to 64 channels. */
export const resnet20: Resnet = resnet("resnet20", 20, thin);
/** ResNet with 32 layers, 16 to 64 channels. */
export const resnet32: Resnet = resnet("resnet32", 32, thin);
/** ResNet with 44 layers, 16 to 64 channels. */
export const resnet44: Resnet = resnet("resnet44", 44, thin);
/** ResNet with 56 layers, 16 to 64 channels. */
export const resnet56: Resnet = resnet("resnet56", 56, thin);
/** ResNet with 110 layers, 16 to 64 channels. */
export const resnet110: Resnet = resnet("resnet110", 110, thin);
/** ResNet with 8 layers, four times as wide: 64 to 256 channels after a stem of 32. */
export const resnet8x4: Resnet = resnet("resnet8x4", 8, wide);
/** ResNet with 32 layers, four times as wide: 64 to 256 channels after a stem of 32. */
export const resnet32x4: Resnet = resnet("resnet32x4", 32, wide);
