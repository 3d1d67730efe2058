import * as tf from "@tensorflow/tfjs";
import { interleave } from "../kernels/shuffle_channels.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { convNorm, type ConvOptions } from "../nn/conv.ts";
import { byDefault, type Layer, module } from "../nn/layer.ts";
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

/** A convolution and its norm, started as PyTorch's layers are. */
function started(
  channels: number,
  { kernel = 1, groups = 1, ...options }: ConvOptions = {},
): Layer {
  return (create, input) => {
    const fanIn = kernel * kernel * input[2] / groups;
    return convNorm(channels, { kernel, groups, ...options, ...byDefault(fanIn) })(create, input);
  };
}

/** A 3×3 convolution of each channel on its own, and its norm. */
function depthwise(stride = 1): Layer {
  return (create, input) =>
    started(input[2], { kernel: 3, stride, groups: input[2] })(create, input);
}

/** The convolution that is grouped in the first ShuffleNet. */
const GROUPS = 3;

/**
 * ShuffleNet with three groups for small images (Zhang et al., 2018), 240, 480 and 960 channels in
 * stages of 4, 8 and 4 blocks. It starts as PyTorch's layers do.
 */
export const shufflenetv1: Shufflenet = classifier("shufflenetv1", {}, (classes) => ({
  stem: stage(started(24), relu()),
  block1: stage(groupedBlocks(240, 4), relu()),
  block2: stage(groupedBlocks(480, 8), relu()),
  block3: stage(groupedBlocks(960, 4), relu()),
  pooled: stage(globalAveragePool()),
  logits: stage(dense(classes)),
}), names);

/** Blocks of grouped convolutions with the ReLUs between them, the first one halving the map. */
function groupedBlocks(channels: number, blocks: number): Layer {
  const halving: Layer = (create, input) =>
    joined(beside, bottleneck(channels - input[2], 2), averagePool(3, { stride: 2, padding: 1 }))(
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
      started(middle, { groups }),
      relu(),
      channelShuffle(groups),
      depthwise(stride),
      relu(),
      started(channels, { groups: GROUPS }),
    )(create, input);
  };
}

/**
 * ShuffleNetV2 of size 1 for small images (Ma et al., 2018), 116, 232 and 464 channels in stages of
 * 4, 8 and 4 blocks. A stage's tap is its channels shuffled, its `pre` the same before they are. It
 * starts as PyTorch's layers do.
 */
export const shufflenetv2: Shufflenet = classifier("shufflenetv2", {}, (classes) => ({
  stem: stage(started(24), relu()),
  block1: shuffledBlocks(116, 4),
  block2: shuffledBlocks(232, 8),
  block3: shuffledBlocks(464, 4),
  pooled: stage(seq(started(1024), relu(), globalAveragePool())),
  logits: stage(dense(classes)),
}), namesOfSecond);

/** Blocks with the shuffle between and behind them, the first one halving the map. */
function shuffledBlocks(channels: number, blocks: number): Stage {
  const half = channels / 2;
  const branch = (stride: number) => [started(half), relu(), depthwise(stride), started(half)];
  const halving = joined(
    interleave,
    seq(depthwise(2), started(half), relu()),
    seq(...branch(2), relu()),
  );
  const others = Array.from(
    { length: blocks - 2 },
    () => onSecondHalf(interleave, seq(...branch(1), relu())),
  );
  // The last ReLU stands behind all the channels, of which the first half has had its own: it
  // changes nothing there.
  const last = onSecondHalf(beside, seq(...branch(1)));
  return stage(seq(halving, ...others, last), seq(relu(), channelShuffle(2)));
}

/** What two maps of one size become. */
type Join = (first: Tensor, second: Tensor) => Tensor;

/** The channels of one map, then those of the other. */
const beside: Join = (first, second) => tf.concat([first, second], 3);

/** Two layers over the same input, joined. */
function joined(join: Join, first: Layer, second: Layer): Layer {
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

/** The first half of the channels joined with a layer over the second half. */
function onSecondHalf(join: Join, layer: Layer): Layer {
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

/** The references' names of a bottleneck's convolutions; between them stand other layers. */
function names(path: string): LayerNames | undefined {
  const [, stage, position, layer] = path.match(/^block(\d)\.(\d+)\.body\.([035])$/) ?? [];
  if (!layer) return ENDS[path];
  // A ReLU stands between two blocks.
  return numbered(stage, Number(position) / 2, { 0: 1, 3: 2, 5: 3 }[layer]);
}

/**
 * The references' names of a block's convolutions; a halving block counts those of its shortcut
 * after its body's.
 */
function namesOfSecond(path: string): LayerNames | undefined {
  const [, stage, position, branch, layer] =
    path.match(/^block(\d)\.(\d+)\.(body\.|shortcut\.|)([0-3])$/) ?? [];
  if (!layer) return ENDS[path];
  const number = branch === "body." ? { 0: 1, 1: 2 }[layer] : { 0: 1, 2: 2, 3: 3 }[layer];
  return numbered(stage, Number(position), branch === "shortcut." && number ? number + 2 : number);
}

function numbered(
  stage: string,
  position: number,
  number: number | undefined,
): LayerNames | undefined {
  const block = `layer${stage}.${position}`;
  return number === undefined ? undefined : [`${block}.conv${number}`, `${block}.bn${number}`];
}
