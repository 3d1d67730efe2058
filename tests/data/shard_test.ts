import { assertEquals, assertThrows } from "@std/assert";
import { checkShards, shardOf } from "../../lib/data/shard.ts";
import { Failure } from "../../lib/values/failure.ts";

/** The batches of a shard. */
function batchesOf(order: Uint32Array, size: number): number[][] {
  const count = Math.ceil(order.length / size);
  return Array.from({ length: count }, (_, i) => [...order.subarray(i * size, (i + 1) * size)]);
}

Deno.test("shardOf: the parts of each batch make up the batch, in sizes that differ by at most one", () => {
  const order = Uint32Array.from({ length: 23 }, (_, i) => 100 + i);
  for (const workers of [1, 2, 3]) {
    for (const batch of [5, 6, 23, 40]) {
      const shards = Array.from(
        { length: workers },
        (_, rank) => shardOf(order, batch, { rank, workers }),
      );
      const parts = shards.map((shard) => batchesOf(shard.order, shard.batch));
      const whole = batchesOf(order, batch);
      for (const [i, images] of whole.entries()) {
        const together = images.map((_, j) => parts[j % workers][i][Math.floor(j / workers)]);
        assertEquals(together, images);
        const sizes = parts.map((part) => part[i].length);
        assertEquals(sizes.reduce((a, b) => a + b), images.length);
        assertEquals(Math.max(...sizes) - Math.min(...sizes) <= 1, true);
      }
      for (const part of parts) assertEquals(part.length, whole.length);
    }
  }
});

Deno.test("checkShards: every worker needs an image of every batch", () => {
  checkShards(64, 8, 8);
  checkShards(10, 4, 2);
  checkShards(3, 64, 3);
  const refuse = (...given: Parameters<typeof checkShards>) => {
    const { exit, message } = assertThrows(() => checkShards(...given), Failure);
    return [exit, message];
  };
  assertEquals(refuse(10, 4, 3), [
    2,
    "the last batch has 2 images, too few for 3 workers: use at most 2 workers, or another batch size",
  ]);
  assertEquals(refuse(64, 4, 5), [
    2,
    "a batch has 4 images, too few for 5 workers: use at most 4 workers, or another batch size",
  ]);
  checkShards(64, 8, 4, 2);
  checkShards(9, 8, 1, 4);
  assertEquals(refuse(22, 16, 4, 2), [
    2,
    "the last batch has 6 images, too few for 4 workers with 2 parts each: use at most 3 workers, or another batch size",
  ]);
  assertEquals(refuse(3, 64, 4), [
    2,
    "a batch has 3 images, too few for 4 workers: use at most 3 workers, or another batch size",
  ]);
});
