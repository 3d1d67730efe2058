import { assertEquals } from "@std/assert";
import type { Split } from "../lib/dataset.ts";
import { evaluate } from "../lib/evaluate.ts";

const split: Split = {
  size: 601,
  labels: Int32Array.from({ length: 601 }, (_, i) => i % 10),
  read: (indices) => Promise.resolve(new Uint8Array(indices.length)),
};

Deno.test("evaluate: counts over every image once, in percent of them all, and the mean of the KL", async () => {
  const sizes: number[] = [];
  const score = await evaluate(
    ({ image: { shape }, label: { data } }) => {
      sizes.push(shape[0]);
      const count = (below: number) => Float32Array.of(data.filter((label) => label < below).length);
      return Promise.resolve({ top1: count(1), top5: count(5), kl: Float32Array.of(0.5 * shape[0]) });
    },
    split,
    [1, 1, 1],
  );
  assertEquals(sizes.reduce((a, b) => a + b), 601);
  assertEquals(score, { top1: 100 * 61 / 601, top5: 100 * 301 / 601, kl: 0.5 });
});

Deno.test("evaluate: no KL without a teacher", async () => {
  const none = { top1: new Float32Array(1), top5: new Float32Array(1) };
  assertEquals(await evaluate(() => Promise.resolve(none), split, [1, 1, 1]), { top1: 0, top5: 0 });
});
