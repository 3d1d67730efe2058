import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { augment, normalise } from "../lib/augment.ts";
import { type Random, randomOf } from "../lib/kernels/random_uniform.ts";
import { onBoth } from "./engines.ts";
import { everything, needs } from "./needs.ts";
import { assertNear } from "./tolerance.ts";

/** [n, 4, 4, 1] with 10 · row + column + 1 as pixels. */
const images = (n: number) =>
  tf.tile(tf.tensor4d(Array.from({ length: 16 }, (_, i) => 10 * Math.floor(i / 4) + i % 4 + 1), [1, 4, 4, 1]), [
    n,
    1,
    1,
    1,
  ]);

const numbers = (step: number): Random => randomOf(1, "augment", tf.scalar(step, "int32"));

Deno.test("a crop is one of the padded image's windows, with zeros around, and half are mirrored", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const n = 64,
      changed = augment(images(n), { crop: 2, flip: true }, numbers(1)).reshape([n, 4, 4]).arraySync() as number[][][];
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

Deno.test("flipping alone mirrors or does nothing; asking for nothing gives the images back", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const given = images(32), flipped = augment(given, { crop: 0, flip: true }, numbers(2));
    const texts = new Set((flipped.reshape([32, 16]).arraySync() as number[][]).map(String));
    assertEquals(texts.size, 2);
    assertStrictEquals(augment(given, { crop: 0, flip: false }, numbers(3)), given);
  });
});

Deno.test("normalised pixels are (pixel / 255 − mean) / deviation per channel", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const out = normalise(tf.tensor4d([0, 255, 51, 102], [1, 1, 2, 2]), { mean: [0.5, 0.2], std: [0.25, 0.4] })
      .dataSync();
    assertNear("pixels", out, [-2, 2, (0.2 - 0.5) / 0.25, (0.4 - 0.2) / 0.4], 1e-6);
  });
});

await needs(everything, "augmentation is the same on TensorFlow as on tfjs's own backend", async () => {
  const { native, twin } = await onBoth(() => [augment(images(16), { crop: 4, flip: true }, numbers(9))]);
  assertEquals(native, twin);
});
