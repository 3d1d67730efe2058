import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  eraseRectangles,
  randomErasing,
  type RandomErasingOptions,
} from "../../lib/data/random_erasing.ts";
import { randomOf } from "../../lib/kernels/random_uniform.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

const [BATCH, HEIGHT, WIDTH] = [200, 12, 16];

const step = (step: number) => randomOf(1, "erase", tf.scalar(step, "int32"));

/** The erased values of images that are 7 everywhere, by image, channel, row and column. */
async function erased(options: RandomErasingOptions): Promise<number[][][][]> {
  await tf.setBackend("cpu");
  return tf.tidy(() => {
    const images = tf.fill([BATCH, HEIGHT, WIDTH, 3], 7);
    const out = eraseRectangles(images, randomErasing(options), step(1));
    return tf.transpose(out, [0, 3, 1, 2]).arraySync() as number[][][][];
  });
}

Deno.test("random erasing: a rectangle of a share of the area in a share of the images", async () => {
  const images = await erased({ probability: 0.5, mode: "zero", least: 0.1, most: 0.3 });
  const found = images.flatMap(([red, green]) => {
    assertEquals(red, green);
    const rows = red.map((row) => row.filter((value) => value === 0).length);
    const sides = new Set(rows.filter((n) => n > 0));
    if (sides.size === 0) return [];
    assertEquals(sides.size, 1, "all rows of a rectangle have the same length");
    const columns = red.map((row) =>
      row.map((value, x) => value === 0 ? x : -1).filter((x) => x >= 0)
    );
    assertEquals(new Set(columns.filter(({ length }) => length > 0).map(String)).size, 1);
    return [rows.reduce((a, b) => a + b) / (HEIGHT * WIDTH)];
  });
  assert(found.length > 0.4 * BATCH && found.length < 0.6 * BATCH, `${found.length}`);
  assert(found.every((share) => share > 0.06 && share < 0.36), `${found}`);
  assert(Math.min(...found) < 0.15 && Math.max(...found) > 0.25);
});

Deno.test("random erasing: a normal number for each value, or one for each channel", async () => {
  const ofImage = (image: number[][][]) =>
    image.map((channel) => channel.flat().filter((value) => value !== 7));
  const values = (await erased({ probability: 1, least: 0.2 })).flatMap((one) =>
    ofImage(one).flat()
  );
  assertEquals(new Set(values).size / values.length > 0.999, true);
  const mean = values.reduce((a, b) => a + b) / values.length;
  const square = values.reduce((a, b) => a + b * b, 0) / values.length;
  assert(Math.abs(mean) < 0.05 && Math.abs(square - 1) < 0.05, `${mean} ${square}`);
  const colours = (await erased({ probability: 1, mode: "colour" })).map(ofImage);
  for (const channels of colours) {
    for (const channel of channels) {
      assertEquals(new Set(channel).size, Math.min(1, channel.length));
    }
  }
  assert(new Set(colours.flat(2)).size > BATCH);
});

Deno.test("random erasing: no rectangle that is as large as the image", async () => {
  // Half of the area at these ratios never fits into one row.
  const images = await tf.setBackend("cpu").then(() =>
    tf.tidy(() =>
      eraseRectangles(
        tf.ones([20, 1, 9, 3]),
        randomErasing({ probability: 1, least: 0.5, most: 1, mode: "zero" }),
        step(2),
      ).arraySync()
    )
  );
  assertEquals(new Set((images as number[][][][]).flat(3)), new Set([1]));
});

await needs(
  everything,
  "random erasing: TensorFlow erases as tfjs's own backend does",
  async () => {
    const { native, twin } = await onBoth(() => {
      const images = tf.fill([8, HEIGHT, WIDTH, 3], 7);
      return [eraseRectangles(images, randomErasing({ probability: 0.7 }), step(3))];
    });
    assertNear("images", native[0], twin[0], 1e-5);
  },
);
