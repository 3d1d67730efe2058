import { assert, assertEquals } from "@std/assert";
import type { Input } from "../../lib/values/input.ts";
import { latency } from "../../lib/evaluation/latency.ts";

Deno.test("latency: one image and whole batches are timed, warmed up, even where the split has fewer images", async () => {
  const split = {
    size: 32,
    labels: new Int32Array(32),
    read: (indices: ArrayLike<number>) => Promise.resolve(Uint8Array.from(indices)),
  };
  const seen: Input[] = [];
  const { batch1, inBatches } = await latency(
    async ({ image }) => {
      seen.push(image);
      // The first run of a size, in which it is traced, takes long.
      const first = seen.filter(({ shape }) => shape[0] === image.shape[0]).length === 1;
      await new Promise((resolve) => setTimeout(resolve, first ? 60 : 1));
      return {};
    },
    split,
    [1, 1, 1],
    250,
  );
  const sizes = seen.map(({ shape }) => shape[0]);
  assertEquals([sizes.filter((size) => size === 1).length, sizes.filter((size) => size === 250).length], [110, 6]);
  const [large] = seen.filter(({ shape }) => shape[0] === 250);
  assertEquals([large.data.length, large.data[31], large.data[32]], [250, 31, 0]);
  assert(batch1.median_ms >= 0.9 && batch1.median_ms < 50, String(batch1.median_ms));
  assert(batch1.p95_ms >= batch1.median_ms && batch1.p95_ms < 60, String(batch1.p95_ms));
  assert(inBatches.images_per_second > 250 / 0.05 && inBatches.images_per_second < 250 / 0.0009);
});
