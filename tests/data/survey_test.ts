import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { OpenDataset, Split } from "../../lib/data/dataset.ts";
import { subset } from "../../lib/data/split.ts";
import { survey } from "../../lib/data/survey.ts";
import { Failure } from "../../lib/values/failure.ts";

/** Images of 1 × 2 × 1 pixels with these values. One of the value 99 cannot be read. */
function splitOf(images: readonly (readonly [number, number])[], labels: number[]): Split {
  return {
    size: images.length,
    labels: Int32Array.from(labels),
    read(indices) {
      const pixels = Array.from(indices, (index) => images[index]);
      if (pixels.some(([value]) => value === 99)) {
        return Promise.reject(new Failure(3, `one of ${Array.from(indices)} is broken`));
      }
      return Promise.resolve(Uint8Array.from(pixels.flat()));
    },
  };
}

const open = (train: Split, test: Split): OpenDataset => ({
  classes: ["a", "b", "c"],
  image: [1, 2, 1],
  train,
  test,
  close() {},
});

Deno.test("survey: counts, means, deviations, and equal images within and across splits", async () => {
  const train = splitOf([[0, 51], [102, 153], [0, 51], [204, 255]], [0, 1, 1, 2]);
  const test = splitOf([[0, 0], [204, 255], [0, 0]], [0, 2, 0]);
  const seen: number[] = [];
  const found = await survey(open(train, test), { progress: (fraction) => seen.push(fraction) });
  assertEquals(found.train.counts, [1, 2, 1]);
  assertEquals(found.test.counts, [2, 0, 1]);
  assertEquals(found.train.read, [0, 1, 2, 3]);
  // The values are multiples of 0.2.
  const values = [0, 0.2, 0.4, 0.6, 0, 0.2, 0.8, 1];
  const mean = values.reduce((sum, value) => sum + value) / 8;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 8;
  assertAlmostEquals(found.train.mean[0], mean, 1e-12);
  assertAlmostEquals(found.train.std[0], Math.sqrt(variance), 1e-12);
  assertEquals(found.duplicates, [
    [{ split: "train", index: 0 }, { split: "train", index: 2 }],
    [{ split: "train", index: 3 }, { split: "test", index: 1 }],
    [{ split: "test", index: 0 }, { split: "test", index: 2 }],
  ]);
  assertEquals(seen, [4 / 7, 1]);
});

Deno.test("survey: every image that cannot be read is named, and the others are read", async () => {
  const images = Array.from({ length: 200 }, (_, i) => [i % 70 === 5 ? 99 : 1, i] as const);
  const train = splitOf(images, images.map(() => 0));
  const found = await survey(open(train, splitOf([[99, 0]], [1])));
  assertEquals([...found.train.unreadable.keys()], [5, 75, 145]);
  assertEquals(found.train.unreadable.get(75)?.message, "one of 75 is broken");
  assertEquals(found.train.read.length, 197);
  assert(!found.train.read.includes(145));
  assertEquals([found.test.read, [...found.test.unreadable.keys()]], [[], [0]]);
  assert(Number.isNaN(found.test.mean[0]));
});

Deno.test("survey: a limit spreads the images over the split", async () => {
  const images = Array.from({ length: 100 }, (_, i) => [i, i] as const);
  const labels = images.map((_, i) => i % 3);
  const found = await survey(open(splitOf(images, labels), splitOf([[1, 1]], [0])), { limit: 4 });
  assertEquals(found.train.read, [0, 25, 50, 75]);
  assertEquals(found.train.counts, [34, 33, 33]);
  assertEquals(found.test.read, [0]);
});

Deno.test("survey: the sizes of the files, also of a part of a split and of an odd header", async () => {
  const whole: Split = {
    ...splitOf([[1, 0], [2, 0], [3, 0], [4, 0]], [0, 1, 2, 0]),
    source: (index) =>
      Promise.resolve({
        name: `${index}.png`,
        size: index === 3 ? undefined : { height: 10 * (1 + index % 2), width: 7 },
      }),
  };
  const found = await survey(open(subset(whole, [0, 2, 1, 3]), splitOf([[9, 9]], [0])));
  assertEquals([...found.train.sizes ?? []], [["10×7", 2], ["20×7", 1], ["unknown", 1]]);
  assertEquals(found.test.sizes, undefined);
});

Deno.test("survey: an error that is no failure of the data is not swallowed", async () => {
  const broken: Split = {
    ...splitOf([[0, 0]], [0]),
    read: () => Promise.reject(new TypeError("a bug")),
  };
  await assertRejects(() => survey(open(broken, broken)), TypeError, "a bug");
});

Deno.test("survey: images of one value have a deviation of 0, whatever the value", async () => {
  // The value 99 stands for a broken image here.
  for (const value of Array.from({ length: 256 }, (_, i) => i).filter((one) => one !== 99)) {
    const { train } = await survey(open(splitOf([[value, value]], [0]), splitOf([[1, 1]], [0])));
    assert(train.std.every((one) => one >= 0 && one < 1e-6), `${value}: ${train.std}`);
  }
});
