import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { resizeBilinear, resizeNearest } from "../../lib/kernels/resize.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";
import { assertTwins } from "../support/gradients.ts";

Deno.test("resizeBilinear: equals PyTorch's with corners not aligned, for any sides", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const map = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
    const twice = resizeBilinear(map, 4, 4);
    const rows = [1, 1.5, 2.5, 3].flatMap((left) =>
      [0, 0.25, 0.75, 1].map((across) => left + across)
    );
    assertNear("2×2 → 4×4", twice.dataSync(), rows, 1e-6);
    const odd = resizeBilinear(tf.tensor4d([0, 6, 12, 1, 7, 13], [2, 1, 3, 1]), 2, 5);
    assertEquals(odd.shape, [2, 2, 5, 1]);
    const across = [0, 2.4, 6, 9.6, 12];
    const expected = [0, 1].flatMap((more) => [...across, ...across].map((value) => value + more));
    assertNear("1×3 → 2×5", odd.dataSync(), expected, 1e-6);
    assertEquals(resizeBilinear(map, 2, 2), map);
  });
});

Deno.test("resizeBilinear: the gradient is the transpose", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const x = tf.randomNormal([2, 3, 4, 2]);
    const y = tf.randomNormal([2, 7, 5, 2]) as tf.Tensor4D;
    const resized = tf.sum(tf.mul(resizeBilinear(x, 7, 5), y)).dataSync();
    const gradient = tf.grad((x) => resizeBilinear(x, 7, 5))(x, y);
    assertNear("⟨Ax, y⟩ = ⟨x, Aᵀy⟩", tf.sum(tf.mul(gradient, x)).dataSync(), resized, 1e-5);
  });
});

Deno.test("resizeNearest: takes the pixels that PyTorch takes", async () => {
  await tf.setBackend("cpu");
  const side = (from: number, to: number) => {
    const line = tf.reshape(tf.range(0, from), [1, from, 1, 1]);
    return [...resizeNearest(line, to, 1).dataSync()];
  };
  // torch.nn.functional.interpolate(torch.arange(n).view(1, 1, n, 1).float(), (m, 1),
  // mode="nearest")
  assertEquals(side(3, 7), [0, 0, 0, 1, 1, 2, 2]);
  assertEquals(side(7, 3), [0, 2, 4]);
  assertEquals(side(1, 4), [0, 0, 0, 0]);
  assertEquals(side(4, 8), [0, 0, 1, 1, 2, 2, 3, 3]);
  assertEquals([side(2, 82)[41], side(2, 98)[49]], [0, 1]);
});

const sizes = [[[4, 4], [8, 8]], [[1, 1], [3, 5]], [[3, 5], [7, 2]], [[7, 6], [3, 6]], [[2, 2], [
  82,
  98,
]]];
for (const [[height, width], [rows, columns]] of sizes) {
  await needs(
    everything,
    `resizeNearest: ${height}×${width} to ${rows}×${columns} equals its twin`,
    async () => {
      await assertTwins(
        `nearest ${rows}`,
        [[2, height, width, 3]],
        (x) => resizeNearest(x, rows, columns),
      );
    },
  );
}
