import { assert, assertAlmostEquals, assertEquals, assertStrictEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { augment, normalisePixels } from "../../lib/data/augment.ts";
import { type Random, randomOf } from "../../lib/kernels/random_uniform.ts";
import { stream } from "../../lib/values/random.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

/** [n, 4, 4, 1], each pixel 10 · row + column + 1. */
const images = (n: number) =>
  tf.tile(
    tf.tensor4d(Array.from({ length: 16 }, (_, i) => 10 * Math.floor(i / 4) + i % 4 + 1), [
      1,
      4,
      4,
      1,
    ]),
    [
      n,
      1,
      1,
      1,
    ],
  );

const numbers = (step: number): Random => randomOf(1, "augment", tf.scalar(step, "int32"));

Deno.test("augment: a crop is a window of the zero-padded image, and half of the images are mirrored", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const n = 64;
    const changed = augment(images(n), { crop: 2, flip: true }, numbers(1)).reshape([n, 4, 4])
      .arraySync() as number[][][];
    const windows = new Map<string, boolean>();
    const pixel = (row: number, column: number) =>
      row >= 0 && row < 4 && column >= 0 && column < 4 ? 10 * row + column + 1 : 0;
    for (let top = -2; top <= 2; top++) {
      for (let left = -2; left <= 2; left++) {
        const window = Array.from(
          { length: 4 },
          (_, i) => Array.from({ length: 4 }, (_, j) => pixel(top + i, left + j)),
        );
        windows.set(String(window), false);
        windows.set(String(window.map((row) => row.toReversed())), true);
      }
    }
    const seen = changed.map((image) => windows.get(String(image)));
    assert(!seen.includes(undefined), "an image is no window of the padded one");
    const mirrored = seen.filter(Boolean).length;
    assert(mirrored > n / 4 && mirrored < 3 * n / 4, `${mirrored} of ${n} mirrored`);
    assert(new Set(changed.map(String)).size > 20);
  });
});

Deno.test("augment: flip alone mirrors or does nothing, and no option at all returns the same images", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const original = images(32);
    const flipped = augment(original, { crop: 0, flip: true }, numbers(2));
    const texts = new Set((flipped.reshape([32, 16]).arraySync() as number[][]).map(String));
    assertEquals(texts.size, 2);
    assertStrictEquals(augment(original, { crop: 0, flip: false }, numbers(3)), original);
  });
});

Deno.test("augment: brightness alone scales each image by its own factor", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const original = images(64);
    const options = { crop: 0, flip: false, brightness: 0.5 };
    const out = augment(original, options, numbers(4));
    const factors = out.reshape([64, 16]).div(original.reshape([64, 16]));
    const seen = factors.arraySync() as number[][];
    for (const image of seen) {
      for (const factor of image) assertAlmostEquals(factor, image[0], 1e-5);
    }
    const all = seen.map(([factor]) => factor);
    assert(
      Math.min(...all) >= 0.5 && Math.min(...all) < 0.6 && Math.max(...all) > 1.4 &&
        Math.max(...all) <= 1.5,
    );
    const bright = augment(tf.fill([8, 2, 2, 3], 250), options, numbers(4));
    assertEquals(bright.max().arraySync(), 255);
  });
});

Deno.test("normalisePixels: (pixel / 255 − mean) / std per channel", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const out = normalisePixels(tf.tensor4d([0, 255, 51, 102], [1, 1, 2, 2]), {
      mean: [0.5, 0.2],
      std: [0.25, 0.4],
    })
      .dataSync();
    assertNear("pixels", out, [-2, 2, (0.2 - 0.5) / 0.25, (0.4 - 0.2) / 0.4], 1e-6);
  });
});

/** [n, 8, 8, 3], random pixels 0 … 255. */
const coloured = (n: number) => {
  const random = stream(3, "pixels");
  return tf.tensor4d(Float32Array.from({ length: n * 192 }, () => random.below(256)), [n, 8, 8, 3]);
};

Deno.test("augment: jitter scales brightness, contrast and colour of each image by its own factors, within bounds", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const n = 40;
    const still = { crop: 0, flip: false };
    const grey = tf.fill([n, 4, 4, 3], 100) as tf.Tensor4D;
    // An even grey changes its brightness only.
    const levels = augment(grey, { ...still, jitter: 0.4 }, numbers(4)).reshape([n, 48])
      .arraySync() as number[][];
    const factors = levels.map((pixels) => {
      assertNear("an even image", pixels, pixels.map(() => pixels[0]), 1e-6);
      return pixels[0] / 100;
    });
    assert(factors.every((factor) => factor > 0.6 && factor < 1.4), String(factors));
    assert(Math.max(...factors) - Math.min(...factors) > 0.5);
    const pixels = augment(coloured(n), { ...still, jitter: 1 }, numbers(5)).dataSync();
    assert(pixels.every((pixel) => pixel >= 0 && pixel <= 255));
    assertNear(
      "without jitter",
      augment(coloured(2), { ...still, jitter: 0 }, numbers(5)).dataSync(),
      coloured(2).dataSync(),
      0,
    );
  });
});

Deno.test("augment: cutout makes one square of each image grey, cut off at the border", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const n = 200;
    const side = 3;
    const original = tf.zeros([n, 8, 6, 1]);
    const cut = augment(original, { crop: 0, flip: false, cutout: side }, numbers(6)).reshape([
      n,
      8,
      6,
    ])
      .arraySync() as number[][][];
    const places = cut.map((rows) => {
      const ys = rows.flatMap((row, y) => row.some(Boolean) ? [y] : []);
      const xs = rows[0].flatMap((_, x) => rows.some((row) => row[x]) ? [x] : []);
      assert(ys.length >= 2 && ys.length <= side && xs.length >= 2 && xs.length <= side);
      rows.forEach((row, y) =>
        row.forEach((pixel, x) => assertEquals(pixel, ys.includes(y) && xs.includes(x) ? 127.5 : 0))
      );
      return `${ys[0]} ${xs[0]}`;
    });
    assert(new Set(places).size > 25);
  });
});

await needs(
  everything,
  "augment: TensorFlow and tfjs's own backend give the same images",
  async () => {
    const { native, twin } = await onBoth(
      () => [augment(images(16), { crop: 4, flip: true }, numbers(9))],
    );
    assertEquals(native, twin);
    const strong = { crop: 2, flip: true, jitter: 0.8, cutout: 4 };
    const both = await onBoth(() => [augment(coloured(16), strong, numbers(9))]);
    assertNear("strong", both.native[0], both.twin[0], 1e-6);
  },
);
