/**
 * Networks for large images, 224 × 224 in ImageNet's 1,000 classes: `imagenet.resnet18` and so on.
 *
 * @module
 */
import { convNorm } from "../nn/conv.ts";
import { defaultInitialisers, type Layer } from "../nn/layer.ts";
import { dense, globalAveragePool, maxPool, relu, seq } from "../nn/layers.ts";
import { type Classifier, classifier, type DesignSize } from "../nn/network.ts";
import { type LayerNames, stage } from "../nn/stage.ts";
import { type ConvNorm, type DeepResnet, deepResnet, type Depths } from "./deep_resnet.ts";

/** ImageNet's images after cropping, and its number of classes. */
const IMAGENET: DesignSize = { size: 224, classes: 1000 };

/** A deep ResNet for large images, which may also be the body of a detector. */
export type LargeResnet = DeepResnet & {
  /**
   * The same network of other layers: `convNorm` makes each convolution with its norm, and the stem
   * has `width` channels.
   */
  readonly of: (convNorm: ConvNorm, width: number) => DeepResnet;
};

/** Makes a deep ResNet for large images. */
function large(name: string, blocks: Depths, bottleneck: boolean): LargeResnet {
  const of = (layer: ConvNorm, width: number) =>
    deepResnet(`imagenet.${name}`, blocks, bottleneck, {
      stem: layer(width, { kernel: 7, stride: 2 }),
      convNorm: layer,
      width,
      opening: maxPool(3, { stride: 2, padding: 1 }),
      names: { shortcut: "downsample", logits: "fc" },
      designSize: IMAGENET,
    });
  return { ...of(convNorm, 64), of };
}

/** ResNet with 18 layers for large images. */
export const resnet18: LargeResnet = large("resnet18", [2, 2, 2, 2], false);
/** ResNet with 26 layers for large images, between those with 18 and 34. */
export const resnet26: LargeResnet = large("resnet26", [3, 3, 3, 3], false);
/** ResNet with 34 layers for large images. */
export const resnet34: LargeResnet = large("resnet34", [3, 4, 6, 3], false);
/** ResNet with 50 layers for large images. */
export const resnet50: LargeResnet = large("resnet50", [3, 4, 6, 3], true);
/** ResNet with 101 layers for large images. */
export const resnet101: LargeResnet = large("resnet101", [3, 4, 23, 3], true);

/**
 * A depthwise 3×3 convolution and a 1×1 one, each with its norm, without the ReLU at the pair's
 * end.
 */
function separable(channels: number, stride = 1): Layer {
  return (create, input) => {
    const depthwise = convNorm(input[2], { stride, groups: input[2], ...defaultInitialisers(9) });
    return seq(
      depthwise,
      relu(),
      convNorm(channels, { kernel: 1, ...defaultInitialisers(input[2]) }),
    )(
      create,
      input,
    );
  };
}

/**
 * A sequence of pairs to these numbers of channels, with ReLUs between them. The first has stride
 * 2.
 */
function separables(first: number, ...others: readonly number[]): Layer {
  return seq(separable(first, 2), ...others.flatMap((channels) => [relu(), separable(channels)]));
}

/**
 * MobileNet (Howard et al., 2017) for large images: a convolution and thirteen pairs of a depthwise
 * and a 1×1 one. Its initial values are those of PyTorch's layers.
 */
export const mobilenetv1: Classifier<"stem" | "block1" | "block2" | "block3" | "block4"> =
  classifier(
    "imagenet.mobilenetv1",
    {},
    (classes) => ({
      stem: stage(
        seq(convNorm(32, { stride: 2, ...defaultInitialisers(27) }), relu(), separable(64)),
        relu(),
      ),
      block1: stage(separables(128, 128), relu()),
      block2: stage(separables(256, 256), relu()),
      block3: stage(separables(512, 512, 512, 512, 512, 512), relu()),
      block4: stage(separables(1024, 1024), relu()),
      pooled: stage(globalAveragePool()),
      logits: stage(dense(classes)),
    }),
    names,
    IMAGENET,
  );

/** The number of pairs before a stage. */
const BEFORE: Readonly<Record<string, number>> = {
  stem: 0,
  block1: 2,
  block2: 4,
  block3: 6,
  block4: 12,
};

/** mdistiller's names. A ReLU stands between two pairs, and within one. */
function names(path: string): LayerNames | undefined {
  if (path === "logits") return ["fc"];
  if (path === "stem.0") return ["model.0.0", "model.0.1"];
  const [, stage, position, part] = path.match(/^(\w+)\.(\d+)\.([02])$/) ?? [];
  if (!part) return;
  const pair = `model.${BEFORE[stage] + Number(position) / 2}`;
  return part === "0" ? [`${pair}.0`, `${pair}.1`] : [`${pair}.3`, `${pair}.4`];
}
