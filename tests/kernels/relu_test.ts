import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { leakyReluOp, reluOp } from "../../lib/kernels/relu.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertTwins } from "../support/gradients.ts";

await needs(everything, "reluOp: equals its twin", async () => {
  await assertTwins("a map", [[2, 3, 3, 4]], reluOp);
});

await needs(everything, "reluOp: gradient at 0 is 0 on both backends", async () => {
  const { native, twin } = await onBoth(
    () => [tf.grad(reluOp)(tf.tensor1d([-1, 0, 2]), tf.tensor1d([5, 5, 5]))],
  );
  assertEquals(native[0], Float32Array.of(0, 0, 5));
  assertEquals(twin[0], native[0]);
});

await needs(everything, "leakyReluOp: equals its twin", async () => {
  await assertTwins("a map", [[2, 3, 3, 4]], (x) => leakyReluOp(x, 0.1));
});

await needs(everything, "leakyReluOp: gradient at 0 is the slope on both backends", async () => {
  const gradient = tf.grad((x) => leakyReluOp(x as tf.Tensor, 0.25));
  const { native, twin } = await onBoth(
    () => [gradient(tf.tensor1d([-1, 0, 2]), tf.tensor1d([4, 4, 4]))],
  );
  assertEquals(native[0], Float32Array.of(1, 1, 4));
  assertEquals(twin[0], native[0]);
});
