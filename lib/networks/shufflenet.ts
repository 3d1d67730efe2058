import * as tf from "@tensorflow/tfjs";
import { interleave } from "../kernels/shuffle_channels.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { convNorm, type ConvOptions } from "../nn/conv.ts";
import { defaultInitialisers, type Layer, module } from "../nn/layer.ts";
import {
  averagePool,
  channelShuffle,
  dense,
  globalAveragePool,
  relu,
  residual,
  seq,
} from "../nn/layers.ts";
import { type Classifier, classifier } from "../nn/network.ts";
import { type LayerNames, type Stage, stage } from "../nn/stage.ts";

/** A ShuffleNet's taps: the stem and three stages of one resolution each. */
export type Shufflenet = Classifier<"stem" | "block1" | "block2" | "block3">;

/** A convolution and its norm with the initial values of PyTorch's layers. */
function convUnit(
  channels: number,
  { kernel = 1, groups = 1, ...options }: ConvOptions = {},
): Layer {
  return (create, input) => {
    const fanIn = kernel * kernel * input[2] / groups;
    return convNorm(channels, { kernel, groups, ...options, ...defaultInitialisers(fanIn) })(
      create,
      input,
    );
  };
}

/** A depthwise 3×3 convolution and its norm. */
function depthwise(stride = 1): Layer {
  return (create, input) =>
    convUnit(input[2], { kernel: 3, stride, groups: input[2] })(create, input);
}

/** Groups of the grouped convolutions in the first ShuffleNet. */
const GROUPS = 3;

/**
 * ShuffleNet with three groups for small images (Zhang et al., 2018), 240, 480 and 960 channels in
 * stages of 4, 8 and 4 blocks. Its initial values are those of PyTorch's layers.
 */
export const shufflenetv1: Shufflenet = classifier("shufflenetv1", {}, (classes) => ({
  stem: stage(convUnit(24), relu()),
  block1: stage(groupedBlocks(240, 4), relu()),
  block2: stage(groupedBlocks(480, 8), relu()),
  block3: stage(groupedBlocks(960, 4), relu()),
  pooled: stage(globalAveragePool()),
  logits: stage(dense(classes)),
}), names);

/** Blocks of grouped convolutions with ReLUs between them. The first block halves the map. */
function groupedBlocks(channels: number, blocks: number): Layer {
  const halving: Layer = (create, input) =>
    joinLayers(
      concatenate,
      bottleneck(channels - input[2], 2),
      averagePool(3, { stride: 2, padding: 1 }),
    )(
      create,
      input,
    );
  const others = Array.from(
    { length: blocks - 1 },
    () => [relu(), residual(bottleneck(channels, 1))],
  );
  return seq(halving, ...others.flat());
}

function bottleneck(channels: number, stride: number): Layer {
  return (create, input) => {
    const middle = Math.floor(channels / 4);
    const groups = input[2] === 24 ? 1 : GROUPS;
    return seq(
      convUnit(middle, { groups }),
      relu(),
      channelShuffle(groups),
      depthwise(stride),
      relu(),
      convUnit(channels, { groups: GROUPS }),
    )(create, input);
  };
}

/**
 * ShuffleNetV2 of size 1 for small images (Ma et al., 2018), 116, 232 and 464 channels in stages of
 * 4, 8 and 4 blocks. A stage's tap has its channels shuffled, its `pre` has not. Its initial values
 * are those of PyTorch's layers.
 */
export const shufflenetv2: Shufflenet = classifier("shufflenetv2", {}, (classes) => ({
  stem: stage(convUnit(24), relu()),
  block1: shuffledBlocks(116, 4),
  block2: shuffledBlocks(232, 8),
  block3: shuffledBlocks(464, 4),
  pooled: stage(seq(convUnit(1024), relu(), globalAveragePool())),
  logits: stage(dense(classes)),
}), namesOfV2);

/** Blocks with a shuffle after each of them. The first block halves the map. */
function shuffledBlocks(channels: number, blocks: number): Stage {
  const half = channels / 2;
  const branch = (stride: number) => [convUnit(half), relu(), depthwise(stride), convUnit(half)];
  const halving = joinLayers(
    interleave,
    seq(depthwise(2), convUnit(half), relu()),
    seq(...branch(2), relu()),
  );
  const others = Array.from(
    { length: blocks - 2 },
    () => joinSecondHalf(interleave, seq(...branch(1), relu())),
  );
  // The last ReLU covers all channels. The first half has passed one already, so that it changes
  // nothing there.
  const last = joinSecondHalf(concatenate, seq(...branch(1)));
  return stage(seq(halving, ...others, last), seq(relu(), channelShuffle(2)));
}

/** Makes one map of two of the same size. */
type Join = (first: Tensor, second: Tensor) => Tensor;

/** Concatenates the channels of two maps. */
const concatenate: Join = (first, second) => tf.concat([first, second], 3);

/** Joins the outputs of two layers on the same input. */
function joinLayers(join: Join, first: Layer, second: Layer): Layer {
  return (create, input) => {
    const one = first(create.in("body"), input);
    const other = second(create.in("shortcut"), input);
    const [height, width, channels] = one.shape;
    return module(
      (x, pass) => join(one(x, pass), other(x, pass)),
      [height, width, channels + other.shape[2]],
      one.multiplyAdds + other.multiplyAdds,
    );
  };
}

/** Joins the first half of the channels with a layer's output on the second half. */
function joinSecondHalf(join: Join, layer: Layer): Layer {
  return (create, [height, width, channels]) => {
    const body = layer(create, [height, width, channels / 2]);
    return module(
      (x, pass) => {
        const [first, second] = tf.split(x, 2, 3);
        return join(first, body(second, pass));
      },
      [height, width, channels],
      body.multiplyAdds,
    );
  };
}

const ENDS: Readonly<Record<string, LayerNames>> = {
  stem: ["conv1", "bn1"],
  "pooled.0": ["conv2", "bn2"],
  logits: ["linear"],
};

/** The references' names of a bottleneck's convolutions. Other layers stand between them. */
function names(path: string): LayerNames | undefined {
  const [, stage, position, layer] = path.match(/^block(\d)\.(\d+)\.body\.([035])$/) ?? [];
  if (!layer) return ENDS[path];
  // A ReLU stands between two blocks.
  return layerNames(stage, Number(position) / 2, { 0: 1, 3: 2, 5: 3 }[layer]);
}

/**
 * The references' names of a block's convolutions. A halving block numbers those of its shortcut
 * after those of its body.
 */
function namesOfV2(path: string): LayerNames | undefined {
  const [, stage, position, branch, layer] =
    path.match(/^block(\d)\.(\d+)\.(body\.|shortcut\.|)([0-3])$/) ?? [];
  if (!layer) return ENDS[path];
  const number = branch === "body." ? { 0: 1, 1: 2 }[layer] : { 0: 1, 2: 2, 3: 3 }[layer];
  return layerNames(
    stage,
    Number(position),
    branch === "shortcut." && number ? number + 2 : number,
  );
}

function layerNames(
  stage: string,
  position: number,
  number: number | undefined,
): LayerNames | undefined {
  const block = `layer${stage}.${position}`;
  return number === undefined ? undefined : [`${block}.conv${number}`, `${block}.bn${number}`];
}
