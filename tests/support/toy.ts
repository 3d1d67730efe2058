/** A network small enough for tfjs's own backend, and images for it. */
import * as tf from "@tensorflow/tfjs";
import { convNorm } from "../../lib/nn/conv.ts";
import { dense, globalAveragePool, maxPool, relu, residual, seq } from "../../lib/nn/layers.ts";
import { type Layer, module } from "../../lib/nn/layer.ts";
import { type Classifier, classifier } from "../../lib/nn/network.ts";
import type { Pass } from "../../lib/nn/pass.ts";
import { type Stage, stage } from "../../lib/nn/stage.ts";
import type { TrainInput } from "../../lib/training/step.ts";
import type { Input, Inputs } from "../../lib/values/input.ts";
import { stream } from "../../lib/values/random.ts";

/** Height, width and channels of a toy image. */
export const IMAGE: readonly number[] = [8, 8, 3];
/** Classes of the toy's images. */
export const CLASSES = 5;
/** Images in a toy batch. */
export const BATCH = 4;

/** The toy's taps. */
export type Toy = Classifier<"stem" | "block1" | "block2">;

/**
 * A stem with a bias before its norm, a residual block of `channels` channels, and a block at half
 * the resolution with twice as many.
 */
export function toy(id: string, channels: number): Toy {
  const wide = 2 * channels;
  return classifier(id, { channels }, (classes) => ({
    stem: stage(convNorm(channels, { bias: true }), relu()),
    block1: stage(residual(seq(convNorm(channels), relu(), convNorm(channels))), relu()),
    block2: stage(
      seq(
        maxPool(2),
        residual(convNorm(wide, { stride: 2 }), convNorm(wide, { kernel: 1, stride: 2 })),
      ),
      relu(),
    ),
    pooled: stage(globalAveragePool()),
    logits: stage(dense(classes)),
  }));
}

/** The taps of a toy with a second head. */
export type TwoHeadedToy = Classifier<"stem" | "block1" | "block2" | "heads">;

/** The toy with a class head and a distillation head, whose mean scores. */
export function twoHeadedToy(id: string, channels: number): TwoHeadedToy {
  const { stages, ...rest } = toy(id, channels);
  return {
    ...rest,
    stages(classes, image) {
      const { logits, ...body } = stages(classes, image);
      return { ...body, heads: bothHeads(logits), logits: stage(meanOfRows) };
    },
  };
}

/** Two layers like this one on the same input, one row of logits each. */
function bothHeads(head: Stage): Stage {
  return (create, input) => {
    const [s, h] = ["class", "distillation"].map((name) => head(create.in(name), input));
    const run = (x: tf.Tensor, pass: Pass) => {
      const out = tf.stack([s(x, pass).out, h(x, pass).out], 1);
      return { out, pre: out };
    };
    return Object.assign(run, { shape: [2, ...s.shape], multiplyAdds: 2 * s.multiplyAdds });
  };
}

const meanOfRows: Layer = (_, [, classes]) => module((x) => tf.mean(x, 1), [classes]);

/** The student. */
export const small: Toy = toy("small", 2);
/** The teacher. */
export const large: Toy = toy("large", 4);

/** Draws a batch of random images with random classes, always the same for a step. */
export function batch(
  step: number,
  size: number = BATCH,
): Pick<Inputs<TrainInput>, "image" | "label" | "index"> {
  const random = stream(7, `toy/${step}`);
  const pixels = size * IMAGE.reduce((a, b) => a * b, 1);
  return {
    image: {
      shape: [size, ...IMAGE],
      data: Uint8Array.from({ length: pixels }, () => random.below(256)),
    },
    label: { shape: [size], data: Int32Array.from({ length: size }, () => random.below(CLASSES)) },
    index: { shape: [size], data: Int32Array.from({ length: size }, (_, i) => size * step + i) },
  };
}

/** Makes the inputs of a training step. */
export function inputs(step: number, rate = 0.1, size: number = BATCH): Inputs<TrainInput> {
  const scalar = (data: Input["data"]): Input => ({ shape: [], data });
  return {
    ...batch(step, size),
    rate: { shape: [1], data: Float32Array.of(rate) },
    epoch: scalar(Float32Array.of(1)),
    step: scalar(Int32Array.of(step)),
  };
}
