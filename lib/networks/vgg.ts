import { convNorm } from "../nn/conv.ts";
import type { Layer } from "../nn/layer.ts";
import { dense, globalAveragePool, maxPool, relu, seq } from "../nn/layers.ts";
import { type Classifier, classifier } from "../nn/network.ts";
import { type LayerNames, type Stage, stage } from "../nn/stage.ts";
import { constant, normal } from "../nn/variables.ts";

/** A VGG's taps: a stem and four blocks of one resolution each. */
export type Vgg = Classifier<"stem" | "block1" | "block2" | "block3" | "block4">;

/**
 * VGG with batch norm for small images (Simonyan & Zisserman, 2015, in the form of the CRD
 * benchmark): five blocks of 3×3 convolutions, 2×2 max pooling between them, global average
 * pooling, one dense layer.
 */
function vgg(id: string, blocks: readonly [number, number, number, number, number]): Vgg {
  const widths = [64, 128, 256, 512, 512];
  const block = (number: number): Stage => (create, input) => {
    // Pooling opens the block, so that the tap before it is the map that the papers distil. Maps of
    // 4×4 are not pooled further.
    const pooled = number > 0 && (number < 4 || input[0] >= 8);
    const layers: Layer[] = pooled ? [maxPool(2)] : [];
    for (let i = 0; i < blocks[number]; i++) {
      if (i > 0) layers.push(relu());
      layers.push(convNorm(widths[number], { bias: true }));
    }
    return stage(seq(...layers), relu())(create, input);
  };
  return classifier(id, {}, (classes) => ({
    stem: block(0),
    block1: block(1),
    block2: block(2),
    block3: block(3),
    block4: block(4),
    pooled: stage(globalAveragePool()),
    logits: stage(dense(classes, { initial: normal(0.01), biasInitial: constant(0) })),
  }), names);
}

/**
 * RepDistiller's and mdistiller's names. A layer counts as three there (convolution, norm, ReLU),
 * here as two, after the pooling that may open a block.
 */
function names(path: string): LayerNames | undefined {
  if (path === "logits") return ["classifier"];
  const [, stage, position] = path.match(/^(stem|block\d)\.(\d+)$/) ?? [];
  if (!stage) return;
  const block = stage === "stem" ? "block0" : stage;
  const layer = 3 * Math.floor(Number(position) / 2);
  return [`${block}.${layer}`, `${block}.${layer + 1}`];
}

/** VGG with 8 layers. */
export const vgg8: Vgg = vgg("vgg8", [1, 1, 1, 1, 1]);
/** VGG with 11 layers. */
export const vgg11: Vgg = vgg("vgg11", [1, 1, 2, 2, 2]);
/** VGG with 13 layers. */
export const vgg13: Vgg = vgg("vgg13", [2, 2, 2, 2, 2]);
/** VGG with 16 layers. */
export const vgg16: Vgg = vgg("vgg16", [2, 2, 3, 3, 3]);
/** VGG with 19 layers. */
export const vgg19: Vgg = vgg("vgg19", [2, 2, 4, 4, 4]);
