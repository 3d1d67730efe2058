import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { repeatBorder } from "../../lib/kernels/mirror_pad.ts";
import { onBoth } from "../support/engines.ts";
import { assertTwins } from "../support/gradients.ts";
import { everything, needs } from "../support/needs.ts";

await needs(everything, "repeatBorder: values and gradient equal its twin's", async () => {
  for (const shape of [[2, 3, 4, 5], [1, 1, 1, 2]]) {
    await assertTwins(`[${shape}]`, [shape], repeatBorder);
  }
});

await needs(everything, "repeatBorder: repeats corners too", async () => {
  const { native } = await onBoth(() => [repeatBorder(tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]))]);
  assertEquals([...native[0]], [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
});
