import type { Tensor } from "../kernels/tensor.ts";
import { conv, convNorm } from "../nn/conv.ts";
import type { Layer } from "../nn/layer.ts";
import { dense, globalAveragePool, relu, residual, seq } from "../nn/layers.ts";
import { type Classifier, classifier } from "../nn/network.ts";
import { norm } from "../nn/norm.ts";
import type { Pass } from "../nn/pass.ts";
import { type LayerNames, type Stage, stage, type StageOutput } from "../nn/stage.ts";
import { constant } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";

/** A wide ResNet's taps: the stem and three stages of one resolution each. */
export type Wrn = Classifier<"stem" | "block1" | "block2" | "block3">;

/**
 * Wide ResNet (Zagoruyko & Komodakis, 2016) of `depth` layers, `width` times as wide as the thin
 * CIFAR ResNet: a stem and three stages of (depth − 4) / 6 pre-activation blocks. A stage's tap is
 * the sum of its last block, without a norm or ReLU. Its `pre` is that sum after the next norm,
 * with which the next stage starts.
 */
export function wrn(depth: number, width: number): Wrn {
  const count = (depth - 4) / 6;
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(width) || width < 1) {
    throw new Failure(
      2,
      `wrn(${depth}, ${width}): the depth must be 6n + 4, the width a whole number`,
    );
  }
  const block = (number: number): Stage => {
    const channels = 16 * width * 2 ** (number - 1);
    const stride = number > 1 ? 2 : 1;
    return preActivationStage((create, input) => {
      // The norm that opens the second and third stages is at the end of the stage before.
      const projects = stride > 1 || input.at(-1) !== channels;
      const opening = number > 1 ? [relu()] : [norm(), relu()];
      const first = projects
        ? seq(
          ...opening,
          residual(convolutions(channels, stride), conv(channels, { kernel: 1, stride })),
        )
        : residual(seq(...opening, convolutions(channels, 1)));
      const others = Array.from(
        { length: count - 1 },
        () => residual(seq(norm(), relu(), convolutions(channels, 1))),
      );
      return seq(first, ...others)(create, input);
    });
  };
  return classifier(`wrn_${depth}_${width}`, {}, (classes) => ({
    stem: stage(conv(16)),
    block1: block(1),
    block2: block(2),
    block3: block(3),
    pooled: stage(seq(relu(), globalAveragePool())),
    logits: stage(dense(classes, { biasInitial: constant(0) })),
  }), names);
}

/** The two convolutions of a block, with norm and ReLU between them. */
function convolutions(channels: number, stride: number): Layer {
  return seq(convNorm(channels, { stride }), relu(), conv(channels));
}

/** A stage whose tap is its body's output. The next stage's input is that output after a norm. */
function preActivationStage(body: Layer): Stage {
  return (create, input) => {
    const main = body(create.in("body"), input);
    const after = norm()(create.in("after"), main.shape);
    const run = (x: Tensor, pass: Pass): StageOutput => {
      const out = main(x, pass);
      const pre = after(out, pass);
      return { out, pre, next: pre };
    };
    const { shape, multiplyAdds } = main;
    const { norm: own } = after;
    return Object.assign(run, {
      shape,
      multiplyAdds,
      norm: own,
      opening: own && Object.values(own),
      hand: after,
    });
  };
}

/** RepDistiller's and mdistiller's names. */
function names(path: string): LayerNames | undefined {
  if (path === "stem") return ["conv1"];
  if (path === "logits") return ["fc"];
  const [, closing] = path.match(/^block(\d)\.after$/) ?? [];
  if (closing) return [closing === "3" ? "bn1" : `block${Number(closing) + 1}.layer.0.bn1`];
  const [, stage, position, rest] = path.match(/^block(\d)\.body\.(\d+)\.(.+)$/) ?? [];
  const block = `block${stage}.layer.${position}`;
  if (!rest) return;
  if (/^(body\.)?0$/.test(rest)) return [`${block}.bn1`];
  if (rest.endsWith("shortcut")) return [`${block}.convShortcut`];
  const [, convolution] = rest.match(/^(?:\d\.body|body\.\d)\.([02])$/) ?? [];
  if (convolution) {
    return convolution === "0" ? [`${block}.conv1`, `${block}.bn2`] : [`${block}.conv2`];
  }
}

/** Wide ResNet with 16 layers, as wide as the thin CIFAR ResNet. */
export const wrn_16_1: Wrn = wrn(16, 1);
/** Wide ResNet with 16 layers, twice as wide. */
export const wrn_16_2: Wrn = wrn(16, 2);
/** Wide ResNet with 40 layers, as wide as the thin CIFAR ResNet. */
export const wrn_40_1: Wrn = wrn(40, 1);
/** Wide ResNet with 40 layers, twice as wide. */
export const wrn_40_2: Wrn = wrn(40, 2);
