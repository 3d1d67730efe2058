import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { adaptiveMaxPool } from "../../lib/kernels/adaptive_max_pool.ts";
import { everything, needs } from "../needs.ts";
import { assertTwins } from "./gradients.ts";

Deno.test("each bin gives its greatest value, whatever the sides", async () => {
  await tf.setBackend("cpu");
  for (const [side, bins] of [[6, 3], [7, 3], [5, 4], [3, 3], [2, 3]]) {
    const values = Array.from({ length: side * side }, (_, i) => (37 * i) % 101);
    const at = (bin: number) => {
      const start = Math.floor(bin * side / bins), end = Math.ceil((bin + 1) * side / bins);
      return Array.from({ length: end - start }, (_, i) => start + i);
    };
    const expected = Array.from({ length: bins * bins }, (_, i) => {
      const rows = at(Math.floor(i / bins)), columns = at(i % bins);
      return Math.max(...rows.flatMap((row) => columns.map((column) => values[row * side + column])));
    });
    const pooled = adaptiveMaxPool(tf.tensor4d(values, [1, side, side, 1]), bins, bins);
    assertEquals([...pooled.dataSync()], expected, `${side} → ${bins}`);
  }
});

Deno.test("of equal values one gets the gradient", async () => {
  await tf.setBackend("cpu");
  const gradient = tf.grad((x) => adaptiveMaxPool(x as tf.Tensor, 2, 2))(tf.ones([1, 5, 5, 1]), tf.ones([1, 2, 2, 1]));
  assertEquals(gradient.sum().dataSync()[0], 4);
});

await needs(everything, "adaptive max pooling is the same on TensorFlow", async () => {
  await assertTwins("a map of odd sides", [[2, 7, 5, 3]], (x) => adaptiveMaxPool(x, 3, 2));
});
