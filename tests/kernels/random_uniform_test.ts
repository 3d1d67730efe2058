import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  type BatchPart,
  type Random,
  randomIntegers,
  randomOf,
  randomUniform,
  randomUniformTwin,
} from "../../lib/kernels/random_uniform.ts";
import { hashName } from "../../lib/values/random.ts";
import { onBoth, useTensorflow } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";

await needs(everything, "randomUniform: the JavaScript twin gives TensorFlow's bits", async () => {
  await useTensorflow();
  const before = tf.memory().numTensors;
  for (const shape of [[1], [3], [4, 1], [5, 7], [2, 3, 4, 5]]) {
    for (
      const [key, step] of [[0, 0], [1, 7], [hashName("1/step/augment/0"), 123456], [
        0xffffffff,
        2 ** 31 - 1,
      ]]
    ) {
      tf.tidy(() => {
        const native = randomUniform(shape, key, tf.scalar(step, "int32"));
        const twin = randomUniformTwin(shape, key, step);
        assertEquals(native.shape, shape);
        assertEquals(native.dataSync(), twin.dataSync());
      });
    }
  }
  assertEquals(tf.memory().numTensors, before);
});

await needs(
  everything,
  "randomIntegers: each row's are below its own limit, all equally often, on both backends the same",
  async () => {
    const limits = [1, 7, 1_281_167, 2 ** 31 - 1];
    const count = 5000;
    const { native, twin } = await onBoth(() => {
      const random = randomOf(1, "integers", tf.scalar(3, "int32"));
      const below = tf.tensor2d(limits, [limits.length, 1], "int32");
      // A row after the other, because float32 holds no large integers.
      const rows = tf.split(randomIntegers(random, [limits.length, count], below), limits.length);
      const half = tf.scalar(2 ** 12, "int32");
      return rows.flatMap((row) => [tf.floorDiv(row, half), tf.mod(row, half)]);
    });
    assert(native.every((half, i) => half.every((value, k) => value === twin[i][k])));
    for (const [i, limit] of limits.entries()) {
      const values = Array.from(native[2 * i], (high, k) => high * 2 ** 12 + native[2 * i + 1][k]);
      assert(values.every((value) => Number.isInteger(value) && value >= 0 && value < limit));
      const mean = values.reduce((a, b) => a + b) / count / limit;
      const deviation = Math.sqrt((1 - 1 / limit ** 2) / 12 / count);
      const middle = (limit - 1) / 2 / limit;
      assert(Math.abs(mean - middle) <= 5 * deviation, `${limit}: ${mean}`);
    }
  },
);

Deno.test("randomOf: each call, stream, step and seed has numbers of its own, always the same", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const draw = (seed: number, step: number) => {
      const random = randomOf(seed, "step", tf.scalar(step, "int32"));
      return [random.uniform([8]), random.uniform([8]), random.in("augment").uniform([8])].map((
        x,
      ) => [...x.dataSync()]);
    };
    assertEquals(draw(1, 5), draw(1, 5));
    const all = [...draw(1, 5), ...draw(1, 6), ...draw(2, 5)].map(String);
    assertEquals(new Set(all).size, all.length);
    assertNotEquals(draw(1, 5), draw(2, 5));
  });
});

Deno.test("randomOf: normal numbers have mean 0 and deviation 1, and workers draw their rows", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const random = () => randomOf(3, "step", tf.scalar(0, "int32"));
    const values = [...random().normal([20000]).dataSync()];
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    assert(Math.abs(mean) < 0.03 && Math.abs(variance - 1) < 0.05, `${mean}, ${variance}`);
    const whole = random().normal([4]).arraySync() as number[];
    const own = inPart({ rank: 1, workers: 2, images: 2 }, 3, 0).normal([2]).arraySync();
    assertEquals(own, [whole[1], whole[3]]);
  });
});

/** The random numbers of a part of a batch. */
const inPart = (part: BatchPart, seed = 1, step = 3) =>
  randomOf(seed, "step", tf.scalar(step, "int32"), part);

Deno.test("randomOf: parts draw the rows of the whole batch's numbers, and share all others", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const random = () => randomOf(1, "step", tf.scalar(3, "int32"));
    const draw = (random: Random, rows: number) =>
      [random.uniform([rows, 2]), random.uniform([rows]), random.in("mix").uniform([rows, 1, 1])]
        .map((numbers) => numbers.reshape([rows, -1]).arraySync() as number[][]);
    const shared = random().uniform([3, 2]).arraySync();
    for (const batch of [4, 5, 7]) {
      const whole = draw(random(), batch);
      for (const workers of [2, 3]) {
        for (let rank = 0; rank < workers; rank++) {
          const images = Math.ceil((batch - rank) / workers);
          const expected = whole.map((numbers) => numbers.filter((_, i) => i % workers === rank));
          assertEquals(draw(inPart({ rank, workers, images }), images), expected);
          const other = inPart({ rank, workers, images: 100 });
          assertEquals(other.uniform([3, 2]).arraySync(), shared);
        }
      }
    }
    assertEquals(draw(inPart({ rank: 0, workers: 1, images: 4 }), 4), draw(random(), 4));
  });
});

Deno.test("randomOf: each part of each step has numbers of its own, in no larger shape", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const [steps, workers] = [[0, 1, 2], 4];
    const parts = steps.flatMap((step) =>
      Array.from({ length: workers }, (_, rank) => ({ step, rank }))
    );
    const found = parts.map(({ step, rank }) => {
      const draw = (rank: number | tf.Scalar) => {
        const random = inPart({ rank, workers, images: 2 }, 1, step);
        const first = [random.own, random.own.in("mix"), random.in("mix").own]
          .map((own) => [...own.uniform([2]).dataSync()]);
        // The streams of both do not overlap.
        const [shared, second] = [random, random.own].map((
          one,
        ) => [...one.uniform([3]).dataSync()]);
        return { first, shared, second };
      };
      const drawn = draw(rank);
      assertEquals(draw(tf.scalar(rank, "int32")), drawn, "a rank that only the step knows");
      const at = randomOf(1, "step", tf.scalar(step * workers + rank, "int32"));
      assertEquals(drawn.first[0], [...at.uniform([2]).dataSync()]);
      assertEquals(drawn.first[2], drawn.first[1]);
      assertEquals(drawn.first[1], [...at.in("mix").uniform([2]).dataSync()]);
      return drawn;
    });
    const numbers = found.flatMap(({ first: [one, other], second }) => [one, other, second].flat());
    assertEquals(new Set(numbers).size, numbers.length);
    assertEquals(new Set(found.map(({ shared }) => String(shared))).size, steps.length);
  });
  const { peakBytes } = await tf.profile(() =>
    tf.tidy(() => inPart({ rank: 5, workers: 100, images: 2 }).own.uniform([2, 50]))
  );
  assert(peakBytes < 1000, `${peakBytes} bytes for 100 numbers`);
});

Deno.test("randomOf: a whole batch's own numbers are the stream's", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const step = tf.scalar(3, "int32");
    for (const part of [undefined, { rank: 0, workers: 1, images: 2 }]) {
      const random = randomOf(1, "step", step, part);
      assertEquals(random.own, random);
      const drawn = [random, random.own, random.in("mix").own]
        .map((one) => [...one.uniform([2]).dataSync()]);
      const expected = ["1/step/0", "1/step/1", "1/step/mix/0"]
        .map((name) => [...randomUniform([2], hashName(name), step).dataSync()]);
      assertEquals(drawn, expected);
    }
  });
});

Deno.test("randomUniformTwin: numbers fill [0, 1) evenly", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const numbers = [...randomUniformTwin([20000], 9, 1).dataSync()];
    assert(numbers.every((x) => x >= 0 && x < 1));
    const mean = numbers.reduce((sum, x) => sum + x) / numbers.length;
    assertAlmostEquals(mean, 0.5, 0.01);
    assertAlmostEquals(
      numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length,
      1 / 12,
      0.005,
    );
  });
});
