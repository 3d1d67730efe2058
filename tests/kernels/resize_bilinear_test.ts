import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { resizeBilinear } from "../../lib/kernels/resize_bilinear.ts";
import { assertNear } from "../tolerance.ts";

Deno.test("bilinear resizing is PyTorch's, corners not aligned, for any sides", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const map = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]), twice = resizeBilinear(map, 4, 4);
    const rows = [1, 1.5, 2.5, 3].flatMap((left) => [0, 0.25, 0.75, 1].map((across) => left + across));
    assertNear("2×2 → 4×4", twice.dataSync(), rows, 1e-6);
    const odd = resizeBilinear(tf.tensor4d([0, 6, 12, 1, 7, 13], [2, 1, 3, 1]), 2, 5);
    assertEquals(odd.shape, [2, 2, 5, 1]);
    const across = [0, 2.4, 6, 9.6, 12];
    const expected = [0, 1].flatMap((more) => [...across, ...across].map((value) => value + more));
    assertNear("1×3 → 2×5", odd.dataSync(), expected, 1e-6);
    assertEquals(resizeBilinear(map, 2, 2), map);
  });
});

Deno.test("its gradient is its transpose", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const x = tf.randomNormal([2, 3, 4, 2]), y = tf.randomNormal([2, 7, 5, 2]) as tf.Tensor4D;
    const resized = tf.sum(tf.mul(resizeBilinear(x, 7, 5), y)).dataSync();
    const gradient = tf.grad((x) => resizeBilinear(x, 7, 5))(x, y);
    assertNear("⟨Ax, y⟩ = ⟨x, Aᵀy⟩", tf.sum(tf.mul(gradient, x)).dataSync(), resized, 1e-5);
  });
});
