import { assert, assertEquals } from "@std/assert";
import type { Input } from "../../lib/values/input.ts";
import { measureLatency } from "../../lib/evaluation/latency.ts";
import { classification } from "../../lib/tasks/classification.ts";

Deno.test("latency: times one image and whole batches after a warm-up, even if the split has fewer images", async () => {
  const split = {
    size: 32,
    labels: new Int32Array(32),
    read: (indices: ArrayLike<number>) => Promise.resolve(Uint8Array.from(indices)),
  };
  const seen: Input[] = [];
  let milliseconds = 0;
  const { batch1, inBatches } = await measureLatency(
    ({ image }) => {
      seen.push(image);
      const [size] = image.shape;
      const runs = seen.filter(({ shape }) => shape[0] === size).length;
      // The 10 warm-up runs of a single image and the first run of 250, which traces that size,
      // take an hour each.
      const isWarmUp = runs <= (size === 1 ? 10 : 1);
      milliseconds += isWarmUp
        ? 3_600_000
        : size === 1
        ? runs - 10
        : [500, 100, 250, 400, 50][runs - 2];
      return Promise.resolve({});
    },
    { task: classification, split, image: [1, 1, 1] },
    250,
    () => milliseconds,
  );
  const sizes = seen.map(({ shape }) => shape[0]);
  assertEquals([
    sizes.filter((size) => size === 1).length,
    sizes.filter((size) => size === 250).length,
  ], [110, 6]);
  const [large] = seen.filter(({ shape }) => shape[0] === 250);
  assertEquals([large.data.length, large.data[31], large.data[32]], [250, 31, 0]);
  // A single image's hundred runs take 1 to 100 milliseconds.
  assertEquals(batch1, { median_ms: 50, p95_ms: 95 });
  assertEquals(inBatches, { size: 250, images_per_second: 1000 });
});

Deno.test("latency: the default clock is the machine's", async () => {
  const split = {
    size: 1,
    labels: new Int32Array(1),
    read: () => Promise.resolve(new Uint8Array(1)),
  };
  const { batch1, inBatches } = await measureLatency(
    () => Promise.resolve({}),
    { task: classification, split, image: [1, 1, 1] },
    1,
  );
  assert(
    batch1.median_ms >= 0 && batch1.p95_ms >= batch1.median_ms && inBatches.images_per_second > 0,
  );
});
