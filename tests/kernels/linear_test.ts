import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { linear } from "../../lib/kernels/linear.ts";
import { assertTwins } from "../support/gradients.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";

await needs(everything, "linear: equals its twin on vectors, tokens and maps", async () => {
  for (const shape of [[5], [2, 5], [3, 7, 5], [2, 3, 1, 5], [0, 3, 5]]) {
    await assertTwins(`[${shape}]`, [shape, [5, 4], [4]], linear);
  }
});

await needs(everything, "linear: multiplies each row and adds the bias", async () => {
  const { native, twin } = await onBoth(() => {
    const x = tf.tensor3d([[[1, 2], [0, 1]]]);
    const weight = tf.tensor2d([[1, 10, 100], [2, 20, 200]]);
    const y = linear(x, weight, tf.tensor1d([1, 2, 3]));
    assertEquals(y.shape, [1, 2, 3]);
    return [y];
  });
  assertEquals(native[0], Float32Array.of(6, 52, 503, 3, 22, 203));
  assertEquals(twin, native);
});
