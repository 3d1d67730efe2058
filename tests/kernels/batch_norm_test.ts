import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  batchNorm,
  type NormResult,
  type NormState,
  subBatchNorm,
} from "../../lib/kernels/batch_norm.ts";
import type { AllReduce } from "../../lib/kernels/all_reduce.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";
import { draw } from "../support/gradients.ts";

const EPSILON = 1e-5;
const MOMENTUM = 0.1;

const state = (channels: number, bias: boolean): NormState => ({
  scale: draw("scale", [channels], 0.2, 1),
  offset: draw("offset", [channels]),
  mean: draw("mean", [channels]),
  variance: tf.abs(draw("variance", [channels], 0.3, 1)),
  ...(bias ? { bias: draw("bias", [channels]) } : {}),
});

/** The values, the running statistics and the gradients to x, γ, β and the bias. */
function everyPart(shape: number[], bias: boolean): tf.Tensor[] {
  const x = draw("x", shape, 3, 2);
  const norm = state(shape[3], bias);
  const dy = draw("dy", shape);
  let result: NormResult | undefined;
  const run = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, added?: tf.Tensor) => {
    result = batchNorm(x, { ...norm, scale, offset, bias: added }, EPSILON, MOMENTUM);
    return result.out;
  };
  const inputs = [x, norm.scale, norm.offset, ...(norm.bias ? [norm.bias] : [])];
  const { value, grads } = tf.valueAndGrads(run as (...inputs: tf.Tensor[]) => tf.Tensor)(
    inputs,
    dy,
  );
  return [value, result!.mean, result!.variance, ...grads];
}

const NAMES = ["value", "running mean", "running variance", "gradient to x", "to γ", "to β"];

for (const bias of [false, true]) {
  for (const shape of [[4, 5, 5, 3], [3, 2, 1, 4], [1, 1, 1, 2], [8, 8, 8, 8]]) {
    await needs(
      everything,
      `batchNorm: [${shape}]${bias ? " with a bias before it" : ""} equals its twin`,
      async () => {
        const before = tf.memory().numTensors;
        const { native, twin } = await onBoth(() => everyPart(shape, bias));
        NAMES.forEach((name, i) => assertNear(name, native[i], twin[i], 2e-5));
        // The batch's mean cancels the bias, so its gradient is zero (in the twin up to rounding).
        if (bias) assertEquals(native[6], new Float32Array(shape[3]));
        assertEquals(tf.memory().numTensors, before);
      },
    );
  }
}

Deno.test("batchNorm: running statistics move by a tenth, with the unbiased variance and the bias in the mean", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const one = (value: number) => tf.tensor1d([value]);
    const norm = {
      scale: one(2),
      offset: one(1),
      mean: one(10),
      variance: one(5),
      bias: one(100),
    };
    const { out, mean, variance } = batchNorm(
      tf.tensor4d([1, 2, 3, 6], [4, 1, 1, 1]),
      norm,
      EPSILON,
      MOMENTUM,
    );
    const deviation = Math.sqrt((4 + 1 + 0 + 9) / 4 + EPSILON);
    [-2, -1, 0, 3].forEach((x, i) =>
      assertAlmostEquals(out.dataSync()[i], 1 + 2 * x / deviation, 1e-5)
    );
    assertAlmostEquals(mean.dataSync()[0], 0.9 * 10 + 0.1 * 103, 1e-5);
    assertAlmostEquals(variance.dataSync()[0], 0.9 * 5 + 0.1 * 14 / 3, 1e-5);
    mean.dispose();
    variance.dispose();
  });
});

Deno.test("subBatchNorm: a sub-batch is normalised like a batch of its own, and an empty one moves no statistics", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const x = draw("x", [5, 3, 2, 4], 3, 2) as tf.Tensor4D;
    const norm = state(4, true);
    const all = ({ out, mean, variance }: NormResult) => {
      const read = [out, mean, variance].map((tensor) => tensor.dataSync() as Float32Array);
      tf.dispose([mean, variance]);
      return read;
    };
    for (const rows of [[2], [1, 4], [0, 1, 2, 3, 4]]) {
      const mask = tf.tensor1d([0, 1, 2, 3, 4].map((row) => rows.includes(row) ? 1 : 0));
      const [out, ...statistics] = all(subBatchNorm(x, mask, norm, EPSILON, MOMENTUM));
      const own = all(batchNorm(tf.gather(x, rows), norm, EPSILON, MOMENTUM));
      const size = 3 * 2 * 4;
      assertNear(
        "values",
        rows.flatMap((row) => [...out.subarray(row * size, (row + 1) * size)]),
        own[0],
        1e-5,
      );
      statistics.forEach((values, i) => assertNear("statistics", values, own[1 + i], 1e-5));
    }
    const [out, mean, variance] = all(subBatchNorm(x, tf.zeros([5]), norm, EPSILON, MOMENTUM));
    assertEquals([mean, variance], [norm.mean.dataSync(), norm.variance.dataSync()]);
    assertEquals(out.every(Number.isFinite), true);
  });
});

Deno.test("subBatchNorm: two workers' parts get the values of the whole batch, with and without a mask", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const x = draw("x", [5, 3, 2, 4], 3, 20) as tf.Tensor4D;
    const norm = state(4, true);
    for (const selected of [[1, 1, 1, 1, 1], [1, 0, 0, 1, 1], [0, 0, 1, 0, 0]]) {
      const mask = tf.tensor1d(selected);
      const whole = subBatchNorm(x, mask, norm, EPSILON, MOMENTUM);
      const parts = [[0, 2, 4], [1, 3]];
      const part = (rows: number[], reduce: AllReduce) =>
        subBatchNorm(tf.gather(x, rows), tf.gather(mask, rows), norm, EPSILON, MOMENTUM, reduce);
      const sums = parts.map((rows) => {
        let own: readonly tf.Tensor[] = [];
        const { mean, variance } = part(rows, (tensors) => [...own = tensors]);
        tf.dispose([mean, variance]);
        return own;
      });
      for (const rows of parts) {
        const shared = part(rows, () => sums[0].map((sum, i) => tf.add(sum, sums[1][i])));
        const expected = tf.gather(whole.out, rows);
        assertNear("values", shared.out.dataSync(), expected.dataSync(), 1e-5);
        assertNear("mean", shared.mean.dataSync(), whole.mean.dataSync(), 1e-5);
        assertNear("variance", shared.variance.dataSync(), whole.variance.dataSync(), 1e-5);
        tf.dispose([shared.mean, shared.variance]);
      }
      tf.dispose([whole.mean, whole.variance]);
    }
  });
});
