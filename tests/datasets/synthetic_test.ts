import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { glyphs } from "../../datasets/glyph.ts";
import { synthetic } from "../../datasets/synthetic.ts";
import { Failure } from "../../lib/values/failure.ts";
import { stream } from "../../lib/values/random.ts";

const first = (n: number) => Array.from({ length: n }, (_, i) => i);
const hash = async (bytes: Uint8Array) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)).toHex();

Deno.test("synthetic: images are a function of the seed", async () => {
  const open = (seed: number, train = 40) => synthetic({ train, test: 20, seed }).open("");
  const one = await open(1);
  const again = await open(1, 60);
  const other = await open(2);
  assertEquals(await one.train.read(first(40)), await again.train.read(first(40)));
  assertNotEquals(await one.train.read([0]), await other.train.read([0]));
  assertNotEquals(await one.train.read([0]), await one.test.read([0]));
  assertNotEquals(await one.train.read([0]), await one.train.read([10]));
});

Deno.test("synthetic: the default images do not change", async () => {
  const { train } = await synthetic({ train: 20, test: 1 }).open("");
  assertEquals(
    await hash(await train.read(first(20))),
    "b363fd059a901872a90ad4cfe148c7b0ea2ee490f66044576dd820ec0ba2a914",
  );
});

Deno.test("synthetic: classes are equally frequent and images have the declared statistics", async () => {
  const dataset = synthetic({ train: 500, test: 20 });
  const { classes, image, train, test } = await dataset.open("");
  assertEquals([classes.length, classes.slice(0, 3), image], [10, ["0a", "0b", "1a"], [32, 32, 3]]);
  assertEquals([...test.labels], first(20).map((i) => i % 10));
  const pixels = await train.read(first(500));
  const mean = pixels.reduce((sum, value) => sum + value / 255, 0) / pixels.length;
  const variance = pixels.reduce((sum, value) => sum + (value / 255 - mean) ** 2, 0) /
    pixels.length;
  assertAlmostEquals(mean, dataset.normalisation.mean[0], 0.02);
  assertAlmostEquals(Math.sqrt(variance), dataset.normalisation.std[0], 0.02);
});

Deno.test("synthetic: noise has its deviation, and clutter changes some pixels", async () => {
  const read = async (noise: number, clutter: number) =>
    await (await synthetic({ train: 10, test: 1, noise, clutter }).open("")).train.read(first(10));
  const clean = await read(0, 0);
  const noisy = await read(0.1, 0);
  const cluttered = await read(0, 5);
  // Not near black and white, where noise is clipped.
  const differences = [...clean.keys()].filter((i) => clean[i] > 90 && clean[i] < 165).map((i) =>
    noisy[i] - clean[i]
  );
  const deviation = Math.sqrt(differences.reduce((sum, d) => sum + d * d, 0) / differences.length);
  assertAlmostEquals(deviation / 255, 0.1, 0.01);
  const changed = [...clean.keys()].filter((i) => cluttered[i] !== clean[i]).length / clean.length;
  assertEquals(changed > 0.02 && changed < 0.5, true, `${changed}`);
});

Deno.test("synthetic: other sizes and numbers of classes", async () => {
  const { classes, image, train } = await synthetic({
    classes: 100,
    size: 8,
    train: 100,
    test: 1,
    take: 100,
  }).open("");
  assertEquals([classes.length, new Set(classes).size, image], [100, 100, [8, 8, 3]]);
  assertEquals((await train.read([99])).length, 8 * 8 * 3);
});

Deno.test("synthetic: an option out of range is a failure", () => {
  for (
    const wrong of [{ classes: 1 }, { classes: 101 }, { train: 0 }, { size: 4 }, { noise: -1 }, {
      noise: NaN,
    }, {
      clutter: 0.5,
    }, { seed: -1 }]
  ) {
    assertEquals(assertThrows(() => synthetic(wrong), Failure, Object.keys(wrong)[0]).exit, 2);
  }
});

Deno.test("glyphs: all have five strokes and differ, and pairs differ in one stroke", () => {
  const all = glyphs(101, stream(3, "glyphs"));
  assertEquals(all.length, 101);
  for (let i = 0; i < 100; i += 2) {
    const [one, two] = [all[i], all[i + 1]].map((glyph) => glyph.map((stroke) => stroke.join(" ")));
    assertEquals([one.length, new Set(one).size], [5, 5]);
    assertEquals(one.slice(0, 4), two.slice(0, 4));
    assertNotEquals(one[4], two[4]);
  }
  assertEquals(new Set(all.map(String)).size, 101);
});
