import { assertEquals, assertRejects } from "@std/assert";
import { type Batch, batches, type BatchSource, inOrder } from "../../lib/training/batches.ts";
import type { Split } from "../../lib/data/dataset.ts";
import type { Draw } from "../../lib/values/draw.ts";
import { classification } from "../../lib/tasks/classification.ts";

/** A source of one-pixel images whose value is their index, with the reads in order. */
function pixels(size: number, broken = Infinity): { source: BatchSource; reads: number[][] } {
  const reads: number[][] = [];
  const split: Split = {
    size,
    labels: Int32Array.from({ length: size }, (_, i) => i % 3),
    read(indices) {
      const list = Array.from(indices);
      reads.push(list);
      return list.includes(broken)
        ? Promise.reject(new Error("broken"))
        : Promise.resolve(Uint8Array.from(list));
    },
  };
  return { source: { task: classification, split, image: [1, 1, 1] }, reads };
}

Deno.test("batches: every image once, in order, with its class and index, the last batch with the rest", async () => {
  const { source } = pixels(7);
  const order = Uint32Array.of(6, 0, 3, 1, 2, 5, 4);
  const made: Batch[] = await Array.fromAsync(batches(source, order, 3));
  assertEquals(made.map(({ image }) => [image.shape, [...image.data]]), [
    [[3, 1, 1, 1], [6, 0, 3]],
    [[3, 1, 1, 1], [1, 2, 5]],
    [[1, 1, 1, 1], [4]],
  ]);
  assertEquals(made.map(({ index }) => [...index.data]).flat(), [...order]);
  assertEquals(made.map(({ label }) => [...label.data]).flat(), [0, 0, 0, 1, 2, 2, 1]);
  assertEquals(made.map(({ label, index }) => [label.shape, index.shape]), [
    [[3], [3]],
    [[3], [3]],
    [[1], [1]],
  ]);
  assertEquals(await Array.fromAsync(batches(source, new Uint32Array(), 3)), []);
});

Deno.test("batches: reads one batch ahead, no more", async () => {
  const { source, reads } = pixels(9);
  const generator = batches(source, inOrder(9), 2);
  await generator.next();
  assertEquals(reads, [[0, 1], [2, 3]]);
  await generator.next();
  assertEquals(reads.length, 3);
  await generator.return(undefined);
  assertEquals(reads.length, 3);
});

Deno.test("batches: a failure rejects its own batch, and nothing if that batch is never requested", async () => {
  const taken: number[] = [];
  await assertRejects(
    async () => {
      for await (const { index } of batches(pixels(6, 4).source, inOrder(6), 2)) {
        taken.push(...index.data);
      }
    },
    Error,
    "broken",
  );
  assertEquals(taken, [0, 1, 2, 3]);
  for await (const { index } of batches(pixels(6, 2).source, inOrder(6), 2)) {
    assertEquals([...index.data], [0, 1]);
    break;
  }
  // Gives a rejection that nobody handles the time to end the process.
  await new Promise((resolve) => setTimeout(resolve));
});

Deno.test("batches: every read gets the draw", async () => {
  const draws: (Draw | undefined)[] = [];
  const { source } = pixels(4);
  const { split } = source;
  const recorder: Split = {
    ...split,
    read(indices, draw) {
      draws.push(draw);
      return split.read(indices);
    },
  };
  const draw = { seed: 1, epoch: 7 };
  for (const argument of [draw, undefined]) {
    await Array.fromAsync(batches({ ...source, split: recorder }, inOrder(4), 2, argument));
  }
  assertEquals(draws, [draw, draw, undefined, undefined]);
});

Deno.test("batches: several pictures of an image are a dimension of their own, with a draw", async () => {
  const { source } = pixels(4);
  const { split, image } = source;
  const doubled: Split = {
    ...split,
    pictures: 2,
    read: (indices, draw) =>
      split.read(draw ? Array.from(indices, (index) => [index, index]).flat() : indices),
  };
  for (const [draw, pictures] of [[{ seed: 1, epoch: 1 }, [2]], [undefined, []]] as const) {
    const all = batches({ ...source, split: doubled }, inOrder(4), 2, draw);
    for await (const { image: { shape, data } } of all) {
      assertEquals(shape, [2, ...pictures, ...image]);
      assertEquals(data.length, shape.reduce((a, b) => a * b));
    }
  }
});
