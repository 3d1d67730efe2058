import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  applyMask,
  crossEntropy,
  flatten,
  gram,
  gumbel,
  kl,
  logSoftmax,
  mse,
  reverseGradient,
  safeSqrt,
  selectRelated,
  smoothL1,
  softmax,
  standardise,
  stopGradient,
  unitRows,
} from "../../lib/nn/ops.ts";
import { Failure } from "../../lib/values/failure.ts";
import { stream } from "../../lib/values/random.ts";
import { assertNear } from "../support/tolerance.ts";

/** A test on tfjs's own backend that leaves no tensor behind. */
function pure(name: string, body: () => void): void {
  Deno.test(name, async () => {
    await tf.setBackend("cpu");
    const before = tf.memory().numTensors;
    tf.tidy(body);
    assertEquals(tf.memory().numTensors, before);
  });
}

const expectedSoftmax = (logits: number[], temperature = 1) => {
  const powers = logits.map((x) => Math.exp(x / temperature));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((x) => x / sum);
};

pure("stopGradient: gives the same values and no gradient", () => {
  const x = tf.tensor1d([1, 2, 3]);
  assertEquals([...stopGradient(x).dataSync()], [1, 2, 3]);
  assertEquals([...tf.grad((x) => tf.sum(tf.mul(x, stopGradient(x))))(x).dataSync()], [1, 2, 3]);
});

pure(
  "gumbel: samples one class of each row, with the gradient of the softmax of logits and noise",
  () => {
    const logits = [[0.3, 1, -2], [2, 0, 0]];
    const uniform = [[0.9, 0.2, 0.5], [0, 1 - 2 ** -24, 0.4]];
    const T = 5;
    const noisy = logits.map((row, i) =>
      row.map((x, c) => x - Math.log(-Math.log(uniform[i][c] + 1e-20) + 1e-20))
    );
    const sample = gumbel(tf.tensor2d(logits), tf.tensor2d(uniform), T);
    assertEquals(
      [...sample.dataSync()],
      noisy.flatMap((row) => row.map((x) => x === Math.max(...row) ? 1 : 0)),
    );
    const first = tf.grad((x) =>
      tf.sum(tf.slice(gumbel(x, tf.tensor2d(uniform), T), [0, 0], [-1, 1]))
    );
    const gradient = first(tf.tensor2d(logits)).dataSync();
    const expected = noisy.flatMap((row) => {
      const p = expectedSoftmax(row, T);
      return p.map((x, c) => p[0] * ((c === 0 ? 1 : 0) - x) / T);
    });
    expected.forEach((value, i) => assertAlmostEquals(gradient[i], value, 1e-6));
  },
);

pure("gumbel: samples each class as often as the softmax says", () => {
  const count = 4000;
  const random = stream(1, "gumbel");
  const logits = [1, 0, -1];
  const uniform = tf.tensor2d(
    Array.from({ length: count }, () => logits.map(() => random.uniform())),
  );
  const shares = tf.mean(gumbel(tf.tile(tf.tensor2d([logits]), [count, 1]), uniform, 5), 0)
    .dataSync();
  expectedSoftmax(logits).forEach((p, c) => assertAlmostEquals(shares[c], p, 0.03));
});

pure("kl: is T² times the divergence of the softened distributions, for each sample", () => {
  const student = [[1, 2, 0.5], [3, -1, 0]];
  const teacher = [[0, 1, 2], [3, -1, 0]];
  const T = 4;
  const values = kl(tf.tensor2d(student), tf.tensor2d(teacher), T).dataSync();
  const expected = student.map((s, i) => {
    const q = expectedSoftmax(s, T);
    const p = expectedSoftmax(teacher[i], T);
    return T * T * p.reduce((sum, pi, c) => sum + pi * Math.log(pi / q[c]), 0);
  });
  assertAlmostEquals(values[0], expected[0], 1e-5);
  assertAlmostEquals(values[1], 0, 1e-6);
});

pure("crossEntropy: takes any distribution as its target", () => {
  const q = expectedSoftmax([1, 2, 0.5]);
  const values = crossEntropy(
    tf.tensor2d([[1, 2, 0.5], [1, 2, 0.5]]),
    tf.tensor2d([[0, 1, 0], [0.5, 0, 0.5]]),
  )
    .dataSync();
  assertAlmostEquals(values[0], -Math.log(q[1]), 1e-6);
  assertAlmostEquals(values[1], -(Math.log(q[0]) + Math.log(q[2])) / 2, 1e-6);
});

pure("softmax: distributions add up to one and agree with logSoftmax", () => {
  const logits = tf.tensor2d([[1, -2, 30], [1000, 0, -1000]]);
  for (const T of [1, 4]) {
    const p = softmax(logits, T);
    const log = logSoftmax(logits, T);
    assertAlmostEquals(tf.sum(p).dataSync()[0], 2, 1e-5);
    assertAlmostEquals(tf.max(tf.abs(tf.sub(tf.exp(log), p))).dataSync()[0], 0, 1e-6);
  }
});

pure("mse: averages over everything but the batch", () => {
  const a = tf.zeros([2, 2, 2, 1]);
  const b = tf.tensor4d([1, 1, 1, 1, 0, 0, 0, 4], [2, 2, 2, 1]);
  assertEquals([...mse(a, b).dataSync()], [1, 4]);
});

pure(
  "applyMask: the mean is that of the sub-batch times its share, from no sample to all",
  () => {
    const values = [3, 5, 7, 9];
    for (const mask of [[0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]]) {
      const selection = values.filter((_, i) => mask[i] === 1);
      const sum = selection.reduce((a, b) => a + b, 0);
      const mean = tf.mean(applyMask(tf.tensor1d(values), tf.tensor1d(mask))).dataSync()[0];
      assertEquals(
        mean,
        selection.length === 0 ? 0 : sum / selection.length * (selection.length / values.length),
      );
    }
    assertEquals([...applyMask(tf.tensor1d(values), undefined).dataSync()], values);
  },
);

/** The values of a function, and the gradient of their sum. */
function slope(
  run: (x: tf.Tensor) => tf.Tensor,
  x: number[],
): { values: number[]; gradient: number[] } {
  const input = tf.tensor1d(x);
  const gradient = tf.grad((x) => tf.sum(run(x)))(input);
  return { values: [...run(input).dataSync()], gradient: [...gradient.dataSync()] };
}

pure("unitRows: divides rows by their norm, and a row of zeros stays, without a gradient", () => {
  const x = tf.tensor2d([[3, -4], [0, 0]]);
  const first = (order: 1 | 2) => (x: tf.Tensor) => tf.slice(unitRows(x, order), 0, [2, 1]);
  const near = (actual: ArrayLike<number>, expected: number[]) =>
    expected.forEach((value, i) => assertAlmostEquals(actual[i], value, 1e-6));
  near(unitRows(x).dataSync(), [0.6, -0.8, 0, 0]);
  near(unitRows(x, 1).dataSync(), [3 / 7, -4 / 7, 0, 0]);
  near(unitRows(tf.transpose(x), 2, 0).dataSync(), [0.6, 0, -0.8, 0]);
  near(tf.grad(first(2))(x).dataSync(), [16 / 125, 12 / 125, 0, 0]);
  near(tf.grad(first(1))(x).dataSync(), [4 / 49, 3 / 49, 0, 0]);
  near(tf.grad((x) => unitRows(x, 1))(tf.tensor2d([[2, 0]])).dataSync(), [0, 0.5]);
});

pure("safeSqrt: has no gradient at 0", () => {
  assertEquals(slope(safeSqrt, [0, 4]), { values: [0, 2], gradient: [0, 0.25] });
});

pure("smoothL1: is a parabola near 0, straight beyond 1", () => {
  assertEquals(slope(smoothL1, [-3, -1, -0.5, 0, 2]), {
    values: [2.5, 0.5, 0.125, 0, 1.5],
    gradient: [-1, -1, -0.5, 0, 1],
  });
});

pure("gram and related: inner products of flattened samples, and the chosen among them", () => {
  const x = tf.tensor4d([1, 2, 3, 4, 0, -1], [3, 1, 2, 1]);
  const numbers = (tensor: tf.Tensor) => [...tensor.dataSync()];
  assertEquals(numbers(gram(flatten(x))), [5, 11, -2, 11, 25, -4, -2, -4, 1]);
  const { chosen, pairs, count } = selectRelated(tf.tensor1d([1, 0, 1]), x);
  assertEquals([chosen, pairs, count].map(numbers), [[1, 0, 1], [1, 0, 1, 0, 0, 0, 1, 0, 1], [2]]);
  assertEquals(numbers(selectRelated(undefined, x).count), [3]);
  assertEquals(numbers(selectRelated(tf.zeros([3]), x).count), [1]);
});

pure(
  "standardise: logits get mean 0 and deviation 1, for any scale and shift",
  () => {
    const rows = [[1, 2, 0.5, -3], [3, -1, 0, 1]];
    const logits = tf.tensor2d(rows);
    const values = standardise(logits).arraySync() as number[][];
    for (const row of values) {
      assertAlmostEquals(row.reduce((a, b) => a + b), 0, 1e-5);
      assertAlmostEquals(row.reduce((sum, z) => sum + z * z, 0) / (row.length - 1), 1, 1e-5);
    }
    const other = standardise(tf.add(tf.mul(logits, 7), -2));
    assertAlmostEquals(tf.max(tf.abs(tf.sub(other, standardise(logits)))).dataSync()[0], 0, 1e-5);
  },
);

pure("standardise: equal logits become 0 with a finite gradient", () => {
  const logits = tf.tensor2d([[2, 2, 2]]);
  assertEquals([...standardise(logits).dataSync()], [0, 0, 0]);
  const gradient = tf.grad((x) => tf.sum(tf.mul(standardise(x), tf.tensor2d([[1, 2, 3]]))))(logits);
  assertEquals([...gradient.dataSync()].every(Number.isFinite), true);
});

pure("kl: adds the floor to the teacher's probabilities", () => {
  const [value] = kl(tf.tensor2d([[0, 0]]), tf.tensor2d([[1000, 0]]), 1, { floor: 0.5 }).dataSync();
  assertAlmostEquals(value, 1.5 * Math.log(1.5 / 0.5) + 0.5 * Math.log(0.5 / 0.5), 1e-5);
});

pure(
  "temperatures: a scalar and one for each sample do as numbers, any other shape is refused",
  () => {
    const [s, t] = [tf.tensor2d([[1, 2, 0], [0, 1, 3]]), tf.tensor2d([[0, 2, 1], [1, 1, 0]])];
    const near = (ours: tf.Tensor, theirs: tf.Tensor) =>
      assertAlmostEquals(tf.max(tf.abs(tf.sub(ours, theirs))).dataSync()[0], 0, 1e-6);
    near(kl(s, t, tf.scalar(2)), kl(s, t, 2));
    near(softmax(s, tf.scalar(2)), softmax(s, 2));
    near(logSoftmax(s, tf.tensor2d([[3], [3]])), logSoftmax(s, 3));
    const each = kl(s, t, tf.tensor2d([[2], [3]]));
    assertEquals(each.shape, [2]);
    near(tf.slice(each, [0], [1]), tf.slice(kl(s, t, 2), [0], [1]));
    near(tf.slice(each, [1], [1]), tf.slice(kl(s, t, 3), [1], [1]));
    for (const wrong of [tf.ones([3]), tf.ones([2]), tf.ones([2, 3]), tf.ones([1, 1])]) {
      assertThrows(() => kl(s, t, wrong), Failure, "a temperature is a number, a scalar or [2, 1]");
    }
  },
);

pure("reverseGradient: the same values, the gradient times minus the strength", () => {
  const x = tf.tensor1d([0.1, -7, 1e-20]);
  for (const strength of [1, 0.5, tf.scalar(0.5)]) {
    const factor = typeof strength === "number" ? strength : 0.5;
    assertEquals([...reverseGradient(x, strength).dataSync()], [...x.dataSync()]);
    const gradient = tf.grad((x) => tf.mul(reverseGradient(x, strength), 4))(x);
    assertEquals([...gradient.dataSync()], [-4 * factor, -4 * factor, -4 * factor]);
  }
});

Deno.test("smoothL1: β is where the line begins, and 0 leaves |x|", async () => {
  await tf.setBackend("cpu");
  const x = tf.tensor1d([-2, -0.25, 0, 0.1, 0.5, 3]);
  const value = (beta?: number) => smoothL1(x, beta).dataSync();
  const slope = (beta?: number) => tf.grad((x) => smoothL1(x as tf.Tensor, beta))(x).dataSync();
  assertNear("β = 1", value(), [1.5, 0.03125, 0, 0.005, 0.125, 2.5], 1e-6);
  assertNear("β = ½", value(0.5), [1.75, 0.0625, 0, 0.01, 0.25, 2.75], 1e-6);
  assertNear("its slope", slope(0.5), [-1, -0.5, 0, 0.2, 1, 1], 1e-6);
  assertNear("β = 0", value(0), [2, 0.25, 0, 0.1, 0.5, 3], 1e-6);
  assertNear("its slope", slope(0), [-1, -1, 0, 1, 1, 1], 1e-6);
});

Deno.test("standardise: logits of two classes, which would be the same whatever they are, are refused", async () => {
  await tf.setBackend("cpu");
  const logits = tf.tensor2d([[1, 5], [2, -3]]);
  const failure = assertThrows(() => kl(logits, logits, 4, { standardised: true }), Failure);
  assertEquals([failure.exit, failure.message.includes("two classes")], [2, true]);
  assertNear("without", kl(logits, logits, 4).dataSync(), [0, 0], 1e-6);
});
