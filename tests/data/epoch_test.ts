import { assertEquals } from "@std/assert";
import { epochSize, shownAt } from "../../lib/data/epoch.ts";

Deno.test("epoch: without repeats all images, with them a multiple of 256 unless there are fewer", () => {
  const sizes = [100, 255, 256, 300, 1000].map((size) => [
    epochSize({ size }),
    epochSize({ size, repeats: 3 }),
  ]);
  assertEquals(sizes, [[100, 100], [255, 255], [256, 256], [300, 256], [1000, 768]]);
});

Deno.test("epoch: each place shows the next image, or the same one again", () => {
  const shuffled = Uint32Array.of(4, 1, 0, 3, 2);
  assertEquals(shownAt(Uint32Array.of(0, 1, 4), shuffled), {
    order: Uint32Array.of(4, 1, 2),
    repeats: Uint32Array.of(0, 0, 0),
  });
  assertEquals(shownAt(Uint32Array.of(1, 2, 3, 4), shuffled, 3), {
    order: Uint32Array.of(4, 4, 1, 1),
    repeats: Uint32Array.of(1, 2, 0, 1),
  });
});
