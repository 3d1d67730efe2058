import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import type { Split } from "../../lib/data/dataset.ts";
import { Failure } from "../../lib/values/failure.ts";
import { stream } from "../../lib/values/random.ts";
import { balancedSample, complementOf, cutDown, subset } from "../../lib/data/split.ts";

/** A split whose image `i` is the one byte `i`. */
const bytes = (labels: readonly number[]): Split => ({
  size: labels.length,
  labels: Int32Array.from(labels),
  read: (indices) => Promise.resolve(Uint8Array.from(indices)),
});

const counts = (
  labels: ArrayLike<number>,
  indices: Iterable<number>,
  classes: number,
): number[] => {
  const out = new Array<number>(classes).fill(0);
  for (const i of indices) out[labels[i]]++;
  return out;
};

Deno.test("balancedSample: samples exactly n, equally many of each class", () => {
  const labels = Array.from({ length: 1000 }, (_, i) => i % 10);
  for (const n of [0, 1, 10, 99, 500, 1000]) {
    const indices = balancedSample(labels, n, stream(1, "holdout"));
    assertEquals(new Set(indices).size, n);
    assertEquals([...indices], [...indices].sort((a, b) => a - b));
    const each = counts(labels, indices, 10);
    assertEquals(Math.max(...each) - Math.min(...each) <= 1, true, `${each}`);
  }
});

Deno.test("balancedSample: takes all of a small class and shares the rest among the others", () => {
  const labels = [
    ...new Array<number>(3).fill(0),
    ...new Array<number>(50).fill(1),
    ...new Array<number>(50).fill(2),
  ];
  assertEquals(counts(labels, balancedSample(labels, 43, stream(7, "take")), 3), [3, 20, 20]);
});

Deno.test("balancedSample: depends on labels and stream only, and samples every image sooner or later", () => {
  const labels = Array.from({ length: 40 }, (_, i) => i % 4);
  const sample = (seed: number) => balancedSample(labels, 8, stream(seed, "holdout"));
  assertEquals(sample(3), sample(3));
  assertNotEquals(sample(3), sample(4));
  const seen = new Set<number>();
  for (let seed = 0; seed < 60; seed++) sample(seed).forEach((i) => seen.add(i));
  assertEquals(seen.size, 40);
});

Deno.test("balancedSample: refuses an impossible number", () => {
  for (const n of [-1, 2.5, 5, NaN, Infinity]) {
    const failure = assertThrows(
      () => balancedSample([0, 0, 1, 1], n, stream(1, "x")),
      Failure,
      `cannot draw ${n} of 4`,
    );
    assertEquals(failure.exit, 2);
  }
});

Deno.test("complementOf: the numbers that are not among the indices", () => {
  assertEquals([...complementOf(6, Uint32Array.of(1, 4))], [0, 2, 3, 5]);
  assertEquals([...complementOf(2, [])], [0, 1]);
  assertEquals([...complementOf(2, [0, 1])], []);
});

Deno.test("subset: reads the images and labels of its indices, even of another subset", async () => {
  const split = bytes([5, 6, 7, 8, 9]);
  const part = subset(split, [4, 0, 2]);
  const piece = subset(part, Uint32Array.of(2, 1));
  assertEquals([...part.labels], [9, 5, 7]);
  assertEquals(part.size, 3);
  assertEquals([...await part.read([0, 1, 2, 0])], [4, 0, 2, 4]);
  assertEquals([...piece.labels], [7, 5]);
  assertEquals([...await piece.read([0, 1])], [2, 0]);
});

Deno.test("subset: checks its own images only, even as a part of another subset", async () => {
  const checked: number[][] = [];
  const check = (indices: Iterable<number> = []) => {
    checked.push([...indices]);
    return Promise.resolve();
  };
  const part = subset({ ...bytes([5, 6, 7, 8, 9]), check }, [4, 0, 2]);
  await part.check!();
  await subset(part, [2, 1]).check!();
  assertEquals(checked, [[4, 0, 2], [2, 0]]);
  assertEquals(subset(bytes([5, 6]), [1]).check, undefined);
});

Deno.test("cutDown: always samples the same images", async () => {
  const split = bytes(Array.from({ length: 100 }, (_, i) => i % 5));
  const cut = cutDown(split, 20);
  assertEquals(counts(cut.labels, Array.from({ length: 20 }, (_, i) => i), 5), [4, 4, 4, 4, 4]);
  const all = Array.from({ length: 20 }, (_, i) => i);
  assertEquals(await cut.read(all), await cutDown(split, 20).read(all));
  assertThrows(() => cutDown(split, 101), Failure, "101 of 100");
});
