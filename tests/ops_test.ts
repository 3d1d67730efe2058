import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { crossEntropy, kl, logSoften, masked, mse, soften, stop } from "../lib/ops.ts";

/** A test on tfjs's own backend that leaves no tensor behind. */
function pure(name: string, body: () => void): void {
  Deno.test(name, async () => {
    await tf.setBackend("cpu");
    const before = tf.memory().numTensors;
    tf.tidy(body);
    assertEquals(tf.memory().numTensors, before);
  });
}

const softmax = (logits: number[], temperature = 1) => {
  const powers = logits.map((x) => Math.exp(x / temperature)), sum = powers.reduce((a, b) => a + b);
  return powers.map((x) => x / sum);
};

pure("stop gives the same values and lets no gradient through", () => {
  const x = tf.tensor1d([1, 2, 3]);
  assertEquals([...stop(x).dataSync()], [1, 2, 3]);
  assertEquals([...tf.grad((x) => tf.sum(tf.mul(x, stop(x))))(x).dataSync()], [1, 2, 3]);
});

pure("kl is T² times the divergence of the softened distributions, for each sample", () => {
  const student = [[1, 2, 0.5], [3, -1, 0]], teacher = [[0, 1, 2], [3, -1, 0]], T = 4;
  const values = kl(tf.tensor2d(student), tf.tensor2d(teacher), T).dataSync();
  const expected = student.map((s, i) => {
    const q = softmax(s, T), p = softmax(teacher[i], T);
    return T * T * p.reduce((sum, pi, c) => sum + pi * Math.log(pi / q[c]), 0);
  });
  assertAlmostEquals(values[0], expected[0], 1e-5);
  assertAlmostEquals(values[1], 0, 1e-6);
});

pure("cross-entropy takes any distribution as its target", () => {
  const q = softmax([1, 2, 0.5]);
  const values = crossEntropy(tf.tensor2d([[1, 2, 0.5], [1, 2, 0.5]]), tf.tensor2d([[0, 1, 0], [0.5, 0, 0.5]]))
    .dataSync();
  assertAlmostEquals(values[0], -Math.log(q[1]), 1e-6);
  assertAlmostEquals(values[1], -(Math.log(q[0]) + Math.log(q[2])) / 2, 1e-6);
});

pure("softened distributions add up to one and agree with their logarithms", () => {
  const logits = tf.tensor2d([[1, -2, 30], [1000, 0, -1000]]);
  for (const T of [1, 4]) {
    const p = soften(logits, T), log = logSoften(logits, T);
    assertAlmostEquals(tf.sum(p).dataSync()[0], 2, 1e-5);
    assertAlmostEquals(tf.max(tf.abs(tf.sub(tf.exp(log), p))).dataSync()[0], 0, 1e-6);
  }
});

pure("mse averages over everything but the batch", () => {
  const a = tf.zeros([2, 2, 2, 1]), b = tf.tensor4d([1, 1, 1, 1, 0, 0, 0, 4], [2, 2, 2, 1]);
  assertEquals([...mse(a, b).dataSync()], [1, 4]);
});

pure("a masked mean is the mean of the sub-batch times its share, for no sample up to all of them", () => {
  const values = [3, 5, 7, 9];
  for (const mask of [[0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]]) {
    const chosen = values.filter((_, i) => mask[i] === 1), sum = chosen.reduce((a, b) => a + b, 0);
    const mean = tf.mean(masked(tf.tensor1d(values), tf.tensor1d(mask))).dataSync()[0];
    assertEquals(mean, chosen.length === 0 ? 0 : sum / chosen.length * (chosen.length / values.length));
  }
  assertEquals([...masked(tf.tensor1d(values), undefined).dataSync()], values);
});
