import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { resizeNearest } from "../../lib/kernels/resize_nearest.ts";
import { everything, needs } from "../needs.ts";
import { assertTwins } from "./gradients.ts";

Deno.test("a map is resized by the pixels that PyTorch takes", async () => {
  await tf.setBackend("cpu");
  const side = (from: number, to: number) => {
    const line = tf.reshape(tf.range(0, from), [1, from, 1, 1]);
    return [...resizeNearest(line, to, 1).dataSync()];
  };
  // torch.nn.functional.interpolate(torch.arange(n).view(1, 1, n, 1).float(), (m, 1), mode="nearest")
  assertEquals(side(3, 7), [0, 0, 0, 1, 1, 2, 2]);
  assertEquals(side(7, 3), [0, 2, 4]);
  assertEquals(side(1, 4), [0, 0, 0, 0]);
  assertEquals(side(4, 8), [0, 0, 1, 1, 2, 2, 3, 3]);
  assertEquals([side(2, 82)[41], side(2, 98)[49]], [0, 1]);
});

const sizes = [[[4, 4], [8, 8]], [[1, 1], [3, 5]], [[3, 5], [7, 2]], [[7, 6], [3, 6]], [[2, 2], [82, 98]]];
for (const [[height, width], [rows, columns]] of sizes) {
  await needs(everything, `TensorFlow and the twin resize ${height}×${width} to ${rows}×${columns} alike`, async () => {
    await assertTwins(`nearest ${rows}`, [[2, height, width, 3]], (x) => resizeNearest(x, rows, columns));
  });
}
