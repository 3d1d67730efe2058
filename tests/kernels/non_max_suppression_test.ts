import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { nonMaxSuppression } from "../../lib/kernels/non_max_suppression.ts";
import { stream } from "../../lib/values/random.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";

/** Boxes with sides up to 60 in 100 × 100 pixels. */
function boxesOf(count: number): number[][] {
  const random = stream(3, "boxes");
  return Array.from({ length: count }, () => {
    const [x, y, width, height] = [100, 100, 60, 60].map((limit) => limit * random.uniform());
    return [x, y, x + width, y + height];
  });
}

await needs(
  everything,
  "nonMaxSuppression: equals its twin, with a limit, equal scores and boxes without a score",
  async () => {
    const boxes = boxesOf(200);
    const scores = boxes.map((_, i) => i % 7 === 0 ? -Infinity : Math.floor(i / 3) % 29 - 10);
    const settings = [[200, 0.5], [200, 0], [20, 0.3], [1, 0.9]] as const;
    const { native, twin } = await onBoth(() =>
      settings.flatMap(([limit, threshold]) => {
        const { indices, count } = nonMaxSuppression(
          tf.tensor2d(boxes),
          tf.tensor1d(scores),
          limit,
          threshold,
        );
        return [indices, count];
      })
    );
    assertEquals(native, twin);
    assertEquals(native.filter((_, i) => i % 2 === 0).map(({ length }) => length), [
      200,
      200,
      20,
      1,
    ]);
    assertEquals([...native[0].slice(0, native[1][0])].filter((i) => i % 7 === 0), []);
  },
);

await needs(everything, "nonMaxSuppression: keeps none if no box has a score", async () => {
  const { native, twin } = await onBoth(() => {
    const scores = tf.fill([3], -Infinity);
    const { indices, count } = nonMaxSuppression(tf.zeros([3, 4]), scores, 2, 0.5);
    return [indices, count];
  });
  assertEquals(native, [Float32Array.of(0, 0), Float32Array.of(0)]);
  assertEquals(twin, native);
});
