import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Mix } from "../../lib/data/dataset.ts";
import { eraseRectangles, randomErasing } from "../../lib/data/random_erasing.ts";
import { type BatchPart, randomOf, randomUniform } from "../../lib/kernels/random_uniform.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { prepareImages } from "../../lib/training/prepare_images.ts";
import { hashName } from "../../lib/values/random.ts";
import { scriptedRandom } from "../support/scripted_random.ts";

const [IMAGES, ...IMAGE] = [4, 8, 8, 3];
const STEP = 2;

/** What a part of a batch of zeros becomes: λ of a mix that changes no image, and the noise. */
function prepare(part?: BatchPart): { share: number; noise: number[] } {
  const images = part?.images ?? IMAGES;
  const mix: Mix = {
    id: "share",
    options: {},
    mix: (image, random) => ({
      image,
      partner: tf.range(0, images, 1, "int32"),
      share: random.uniform([]),
    }),
  };
  const { image, pairing } = prepareImages(
    {
      task: classification,
      augmentation: { crop: 0, flip: false, erase: randomErasing({ probability: 1, least: 0.3 }) },
      normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
      mix,
    },
    tf.zeros([images, ...IMAGE]),
    { label: tf.zeros([images], "int32") },
    randomOf(1, "step", tf.scalar(STEP, "int32"), part),
  );
  return { share: pairing!.share.dataSync()[0], noise: [...image.dataSync()] };
}

const erased = (noise: readonly number[]) => noise.filter((value) => value !== 0);

Deno.test("prepareImages: each part of a batch is mixed by itself, and has noise of its own", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const parts = [0, 1, 2, 3].map((rank) => prepare({ rank, workers: 4, images: IMAGES }));
    assertEquals(new Set(parts.map(({ share }) => share)).size, 4);
    const noise = parts.flatMap(({ noise }) => erased(noise));
    assert(noise.length > 500);
    assertEquals(new Set(noise).size / noise.length > 0.999, true);
  });
});

Deno.test("prepareImages: rectangles are those of the whole batch's images, noise is drawn for a part alone", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const shapes: Record<string, (readonly number[])[]> = { shared: [], own: [] };
    const drawing = (into: keyof typeof shapes) =>
      scriptedRandom((shape) => {
        shapes[into].push(shape);
        return tf.fill([...shape], 0.3);
      });
    const random = { ...drawing("shared"), own: drawing("own") };
    eraseRectangles(tf.zeros([IMAGES, ...IMAGE]), randomErasing(), random);
    assertEquals(shapes.own, [[IMAGES, ...IMAGE]]);
    assertEquals(shapes.shared, [[4, 10], [4, 10], [4, 1], [4, 1], [4, 1, 1, 1]]);
    const whole = prepare().noise;
    const part = prepare({ rank: 1, workers: 2, images: 2 }).noise;
    const size = whole.length / IMAGES;
    const rows = [1, 3].flatMap((image) => whole.slice(image * size, (image + 1) * size));
    assertEquals(part.map((value) => value !== 0), rows.map((value) => value !== 0));
  });
});

Deno.test("prepareImages: a whole batch draws what it drew before there were parts", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const draw = (name: string, shape: readonly number[]) =>
      randomUniform(shape, hashName(name), tf.scalar(STEP, "int32"));
    const { share, noise } = prepare();
    assertEquals(prepare({ rank: 0, workers: 1, images: IMAGES }), { share, noise });
    assertEquals(share, draw("1/step/mix/0", []).dataSync()[0]);
    // Five calls draw the rectangles.
    const [u, v] = [5, 6].map((call) => draw(`1/step/erase/augment/${call}`, [IMAGES, ...IMAGE]));
    const radius = tf.sqrt(tf.mul(-2, tf.log(tf.sub(1, u))));
    const normal = tf.mul(radius, tf.cos(tf.mul(v, 2 * Math.PI))).dataSync();
    assert(erased(noise).length > 200);
    noise.forEach((value, i) => assert(value === 0 || value === normal[i]));
  });
});
