import { assertEquals, assertNotEquals } from "@std/assert";
import type { Split } from "../../lib/data/dataset.ts";
import { arrangeByShape, type PaddedImages, sortByShape } from "../../lib/data/padded.ts";
import { subset } from "../../lib/data/split.ts";
import { survey } from "../../lib/data/survey.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { batches, inOrder } from "../../lib/training/batches.ts";
import { trainInputs } from "../../lib/training/train_inputs.ts";
import { stream } from "../../lib/values/random.ts";
import { needs } from "../support/needs.ts";

/** Images of 1 × 2 and 2 × 1 pixels, whose first pixel is their index + 1 and their second padding. */
function paddedSplit(...shapeOf: number[]): Split & { readonly padded: PaddedImages } {
  return {
    size: shapeOf.length,
    labels: Int32Array.from(shapeOf, (_, i) => i % 2),
    padded: {
      shapes: [[1, 2, 1], [2, 1, 1]],
      shapeOf: Uint8Array.from(shapeOf),
      sizes: new Int32Array(2 * shapeOf.length).fill(1),
    },
    read: (indices) =>
      Promise.resolve(Uint8Array.from(Array.from(indices, (i) => [i + 1, 0]).flat())),
  };
}

const RANDOM = Array.from({ length: 103 }, (_, i) => Number(stream(1, `${i}`).uniform() < 0.3));

Deno.test("arrangeByShape: batches of one shape, of the usual sizes, nearly all images once", () => {
  const { padded } = paddedSplit(...RANDOM);
  for (const batch of [1, 2, 5, 16, 200]) {
    const shuffled = stream(3, "shuffle").permutation(RANDOM.length);
    const order = arrangeByShape(shuffled, padded, batch);
    assertEquals(order.length, RANDOM.length);
    for (let at = 0; at < order.length; at += batch) {
      const shapes = new Set(order.subarray(at, at + batch).values().map((i) => RANDOM[i]));
      assertEquals(shapes.size, 1, `batches of ${batch}`);
    }
    const missing = RANDOM.length - new Set(order).size;
    assertEquals(missing < batch, true);
    assertEquals(arrangeByShape(shuffled, padded, batch), order);
    assertNotEquals(arrangeByShape(stream(4, "").permutation(103), padded, batch), order);
  }
});

Deno.test("arrangeByShape: images of one shape stay as they are, a lone one fills its batch", () => {
  const same = paddedSplit(0, 0, 0, 0, 0).padded;
  assertEquals(
    arrangeByShape(Uint32Array.of(3, 1, 4, 0, 2), same, 2),
    Uint32Array.of(3, 1, 4, 0, 2),
  );
  const lone = paddedSplit(0, 1, 0, 0, 0, 0).padded;
  assertEquals(
    arrangeByShape(Uint32Array.of(1, 2, 3, 4, 5, 0), lone, 4),
    Uint32Array.of(2, 3, 4, 5, 1, 1),
  );
});

await needs(
  [],
  "trainInputs: padded images in batches of one shape, from any place and worker",
  async () => {
    const split = paddedSplit(...RANDOM);
    const schedule = sgd({ epochs: 2, batch: 6, lr: 0.1 });
    const of = async (batch: number, rank = 0, workers = 1) => {
      const source = { task: classification, split, image: [1, 2, 1] };
      const place = { epoch: 2, batch, step: 0 };
      const inputs = trainInputs(source, [schedule], 7, place, undefined, { rank, workers });
      return (await Array.fromAsync(inputs)).map(({ image, index }) => {
        const [shape] = new Set(index.data.values().map((i) => RANDOM[i]));
        assertEquals(image.shape, [index.data.length, ...split.padded.shapes[shape]]);
        return [...index.data];
      });
    };
    const all = await of(0);
    assertEquals(all.map(({ length }) => length), [...new Array(17).fill(6), 1]);
    assertEquals(await of(9), all.slice(9));
    const parts = await of(0, 1, 2);
    assertEquals(
      parts,
      all.map((batch) => batch.filter((_, i) => i % 2 === 1)).filter((b) => b.length),
    );
  },
);

Deno.test("batches: sorted by shape, an evaluation takes every image once", async () => {
  const split = paddedSplit(0, 1, 0, 1, 0);
  const source = { task: classification, split, image: [1, 2, 1] };
  const order = sortByShape(inOrder(5), split.padded);
  const made = await Array.fromAsync(batches(source, order, 2));
  assertEquals(made.map(({ image, index }) => [[...image.shape], [...index.data]]), [
    [[2, 1, 2, 1], [0, 2]],
    [[1, 1, 2, 1], [4]],
    [[2, 2, 1, 1], [1, 3]],
  ]);
  assertEquals(sortByShape(inOrder(3)), inOrder(3));
});

Deno.test("a part of a split has the shapes and sizes of its images", () => {
  const split = paddedSplit(0, 1, 1);
  split.padded.sizes.set([1, 2, 3, 4, 5, 6]);
  const part = subset(split, [2, 0]).padded!;
  assertEquals([[...part.shapeOf], [...part.sizes]], [[1, 0], [5, 6, 1, 2]]);
});

Deno.test("survey: means are without the padding", async () => {
  const train = paddedSplit(0, 1, 0, 1);
  const opened = { classes: ["a", "b"], image: [1, 2, 1] as const, close() {} };
  const found = await survey({ ...opened, train, test: paddedSplit(1) });
  assertEquals(found.train.mean, [2.5 / 255]);
  assertEquals([found.train.read.length, found.duplicates.length], [4, 1]);
});
