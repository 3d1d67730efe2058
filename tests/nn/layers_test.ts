import { assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { conv, convNorm, transposedConv } from "../../lib/nn/conv.ts";
import type { Layer } from "../../lib/nn/layer.ts";
import {
  averagePool,
  channelShuffle,
  dense,
  globalAveragePool,
  maxPool,
  relu,
  residual,
  seq,
  squeezeExcite,
} from "../../lib/nn/layers.ts";
import { norm } from "../../lib/nn/norm.ts";
import { passes } from "../../lib/nn/pass.ts";
import { constant, normal, type Shape, type Variable, variables } from "../../lib/nn/variables.ts";
import { Failure } from "../../lib/values/failure.ts";
import { stream } from "../../lib/values/random.ts";
import { assertNear } from "../support/tolerance.ts";

const IMAGES = 3;

/**
 * Builds a layer on `input` and holds its variables as tensors. Variables start at the `values` of
 * their name, if present, else at their initial values.
 */
function build(
  layer: Layer,
  input: Shape,
  { fixed = false, values = new Map<string, Float32Array>() } = {},
) {
  const collected = new Map<string, Variable>();
  const module = layer(variables({ seed: 1, collected, fixed, values }), input);
  for (const variable of collected.values()) {
    const value = tf.tensor(variable.initial(), [...variable.shape]);
    variable.bind(() => value);
  }
  const random = stream(2, "input");
  const size = IMAGES * input.reduce((a, b) => a * b, 1);
  const x = tf.tensor(Float32Array.from({ length: size }, () => random.normal()), [
    IMAGES,
    ...input,
  ]);
  return { module, collected, x };
}

function pure(name: string, body: () => void): void {
  Deno.test(name, async () => {
    await tf.setBackend("cpu");
    const before = tf.memory().numTensors;
    tf.tidy(body);
    assertEquals(tf.memory().numTensors, before);
  });
}

pure("layers: each gives its declared shape and counts its multiply-adds", () => {
  const cases: [Layer, Shape, Shape, number][] = [
    [conv(4), [8, 7, 3], [8, 7, 4], 8 * 7 * 4 * 27],
    [conv(4, { kernel: 1, stride: 2, bias: true }), [8, 7, 3], [4, 4, 4], 16 * 4 * 3],
    [conv(4, { kernel: 3, stride: 2 }), [8, 7, 3], [4, 4, 4], 16 * 4 * 27],
    [conv(2, { kernel: 5, padding: 0 }), [8, 7, 3], [4, 3, 2], 12 * 2 * 75],
    [dense(5), [6], [5], 30],
    [transposedConv(3, 4, 2, "doubling"), [4, 4, 2], [8, 8, 3], 16 * 2 * 16 * 3],
    [transposedConv(3, 5, 3, "none"), [2, 2, 2], [8, 8, 3], 4 * 2 * 25 * 3],
    [relu(), [2, 2, 2], [2, 2, 2], 0],
    [norm(), [2, 2, 2], [2, 2, 2], 0],
    [maxPool(2), [5, 4, 2], [2, 2, 2], 0],
    [maxPool(3, { stride: 2, padding: 1 }), [8, 7, 2], [4, 4, 2], 0],
    [averagePool(3, { stride: 2, padding: 1 }), [8, 7, 2], [4, 4, 2], 0],
    [conv(4, { groups: 2 }), [8, 8, 6], [8, 8, 4], 64 * 4 * 9 * 3],
    [convNorm(6, { stride: 2, groups: 6 }), [8, 8, 6], [4, 4, 6], 16 * 6 * 9],
    [channelShuffle(3), [2, 2, 6], [2, 2, 6], 0],
    [globalAveragePool(), [5, 4, 2], [2], 0],
    [squeezeExcite(3), [5, 4, 8], [5, 4, 8], 8 * 3 + 3 * 8],
    [seq(conv(4), relu(), maxPool(2)), [8, 8, 3], [4, 4, 4], 64 * 4 * 27],
    [residual(conv(4), conv(4, { kernel: 1 })), [8, 8, 3], [8, 8, 4], 64 * 4 * 27 + 64 * 4 * 3],
  ];
  for (const [layer, input, shape, multiplyAdds] of cases) {
    const { module, x } = build(layer, input);
    assertEquals([module.shape, module.multiplyAdds], [shape, multiplyAdds]);
    assertEquals(module(x, passes().frozen).shape, [IMAGES, ...shape]);
  }
});

pure("layers: weights start by Kaiming's fan-out, dense weights and biases like PyTorch's", () => {
  const deviation = (values: Float32Array) =>
    Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  const { collected } = build(conv(64), [4, 4, 32]);
  assertAlmostEquals(deviation(collected.get("weight")!.initial()), Math.sqrt(2 / (9 * 64)), 1e-3);
  const denseVariables = build(dense(50), [400]).collected;
  const bound = 1 / Math.sqrt(400);
  for (const name of ["weight", "bias"]) {
    const values = denseVariables.get(name)!.initial();
    assertEquals(values.every((x) => Math.abs(x) <= bound), true);
    assertAlmostEquals(deviation(values), bound / Math.sqrt(3), name === "bias" ? 1e-2 : 1e-3);
  }
});

pure("convNorm: its norm's factors start at 1, or as declared", () => {
  const scale = (
    layer: Layer,
  ) => [...build(layer, [2, 2, 1]).collected.get("norm.scale")!.initial()];
  assertEquals(scale(convNorm(2)), [1, 1]);
  assertEquals(scale(convNorm(2, { scaleInitial: constant(0) })), [0, 0]);
});

pure("squeezeExcite: each channel times a factor of all channels' means", () => {
  const values = new Map([
    ["squeeze.weight", Float32Array.of(1, -1)],
    ["squeeze.bias", Float32Array.of(0.5)],
    ["excite.weight", Float32Array.of(2, -2)],
    ["excite.bias", Float32Array.of(0, 1)],
  ]);
  const { module } = build(squeezeExcite(1), [1, 2, 2], { values });
  const x = tf.tensor([[[[1, 4], [5, 2]]], [[[0, 4], [2, 6]]]]);
  const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
  // The means are 3 and 3, then 1 and 5: the squeezed value is 0.5, then max(−3.5, 0).
  const [a, b, c, d] = [sigmoid(1), sigmoid(0), sigmoid(0), sigmoid(1)];
  assertNear(
    "squeezed",
    module(x, passes().frozen).dataSync(),
    [a, 4 * b, 5 * a, 2 * b, 0, 4 * d, 2 * c, 6 * d],
    1e-6,
  );
});

/** Running statistics, γ and β like after some training. */
const trainedNorm = (channels: number): Map<string, Float32Array> => {
  const random = stream(3, "trained");
  const draw = (shift: number) =>
    Float32Array.from({ length: channels }, () => shift + 0.3 * Math.abs(random.normal()));
  return new Map(
    ["scale", "offset", "mean", "variance"].map((
      name,
      i,
    ) => [`norm.${name}`, draw(i === 3 ? 0.5 : i)]),
  );
};

pure(
  "convNorm: the frozen convolution with its norm folded in equals the two in sequence",
  () => {
    for (const bias of [false, true]) {
      const values = trainedNorm(4);
      const layer = convNorm(4, { bias, biasInitial: normal(1) });
      const { module, x, collected } = build(layer, [5, 5, 3], { values });
      const value = (name: string) => collected.get(name)!.value;
      const convolution = tf.conv2d(x as tf.Tensor4D, value("weight") as tf.Tensor4D, 1, "same");
      const by = tf.rsqrt(tf.add(value("norm.variance"), 1e-5));
      const before = bias ? tf.add(convolution, value("bias")) : convolution;
      const sequence = tf.add(
        tf.mul(tf.mul(tf.sub(before, value("norm.mean")), by), value("norm.scale")),
        value("norm.offset"),
      );
      const unfolded = module(x, passes().frozen).dataSync();
      assertNear("folded in the step", unfolded, sequence.dataSync(), 1e-6);
      const fixed = build(layer, [5, 5, 3], { values, fixed: true }).module(x, passes().frozen);
      assertNear("folded beforehand", fixed.dataSync(), sequence.dataSync(), 1e-6);
    }
  },
);

pure("pooling: padding never wins in max pooling and counts as zeros in average pooling", () => {
  const { module, x } = build(maxPool(3, { stride: 2, padding: 1 }), [4, 4, 1]);
  const below = tf.sub(x, 100);
  const map = tf.ones([1, 4, 4, 1]);
  assertEquals(module(below, passes().frozen).max().dataSync()[0] < -90, true);
  const average = build(averagePool(3, { stride: 2, padding: 1 }), [4, 4, 1]).module(
    map,
    passes().frozen,
  );
  assertNear("the average", average.dataSync(), [4 / 9, 6 / 9, 6 / 9, 1], 1e-6);
});

pure("conv: groups that do not divide the channels are refused", () => {
  assertThrows(
    () => build(conv(4, { groups: 3 }), [4, 4, 6]),
    Failure,
    "6 channels cannot become 4 in 3 groups",
  );
});

pure("convNorm: a fixed network cannot run live", () => {
  const { module, x } = build(convNorm(4), [5, 5, 3], { fixed: true });
  assertMatch(
    assertThrows(() => module(x, passes().live), Error).message,
    /weight belongs to a frozen network.*make a copy/,
  );
});

pure(
  "passes: the frozen pass reads the live pass's new statistics, and a second live pass continues from them",
  () => {
    const { module, x, collected } = build(norm(), [4, 4, 2]);
    const { live, frozen, remembered } = passes();
    const old = module(x, frozen).dataSync();
    module(x, live);
    const [[, mean], [, variance]] = remembered;
    const now = module(x, frozen).dataSync();
    const by = tf.rsqrt(tf.add(variance, 1e-5));
    assertNear("new statistics", now, tf.mul(tf.sub(x, mean), by).dataSync(), 1e-6);
    assertEquals(old.every((value, i) => value === now[i]), false);
    module(x, live);
    const batch = tf.mean(x, [0, 1, 2]);
    const mean2 = remembered[2][1];
    assertNear("twice", mean2.dataSync(), tf.mul(batch, 0.19).dataSync(), 1e-5);
    assertEquals(remembered.map(([variable]) => variable.name), [
      "mean",
      "variance",
      "mean",
      "variance",
    ]);
    assertEquals(collected.get("mean")!.trainable, false);
    remembered.forEach(([, value]) => value.dispose());
  },
);

pure("norm: vectors and sequences are normalised as the same numbers in maps", () => {
  for (const input of [[4], [3, 4]]) {
    const { module, x } = build(norm(), input);
    const maps = tf.reshape(x, [IMAGES, 1, -1, 4]);
    const { live, frozen, remembered } = passes();
    const { mean, variance } = tf.moments(maps, [0, 1, 2]);
    const expected = tf.mul(tf.sub(maps, mean), tf.rsqrt(tf.add(variance, 1e-5)));
    assertNear(`live ${input}`, module(x, live).dataSync(), expected.dataSync(), 1e-5);
    assertEquals(module(x, live).shape, x.shape);
    assertEquals(module(x, frozen).shape, x.shape);
    remembered.forEach(([, value]) => value.dispose());
  }
});

pure(
  "passes: a live pass does not change frozen variables: their norm uses running statistics, nothing is recorded",
  () => {
    const layer = seq(convNorm(2), norm());
    const { module, x, collected } = build(layer, [4, 4, 2], { values: trainedNorm(2) });
    const { live, frozen, remembered } = passes(new Set(collected.values()));
    assertEquals(module(x, live).dataSync(), module(x, frozen).dataSync());
    assertEquals(remembered.length, 0);
  },
);

pure("passes: the frozen pass gives gradients to the input and none to the weights", () => {
  const { module, x, collected } = build(seq(convNorm(2), relu(), conv(1)), [4, 4, 2]);
  const weights = [...collected.values()].filter(({ trainable }) => trainable).map(({ value }) =>
    value
  );
  const { frozen } = passes();
  const gradients = tf.engine().gradients(
    () => tf.sum(module(x, frozen)) as tf.Scalar,
    [x, ...weights],
    undefined,
    true,
  ).grads;
  assertEquals(gradients.map((gradient) => gradient === undefined || gradient === null), [
    false,
    ...weights.map(() => true),
  ]);
  assertThrows(() => frozen.remember(collected.get("0.norm.mean")!, x), Error, "0.norm.mean");
});
