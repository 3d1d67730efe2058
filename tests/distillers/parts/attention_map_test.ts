import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { attentionMap } from "../../../lib/distillers/parts/attention_map.ts";
import { draw } from "../../support/gradients.ts";

Deno.test("an attention map has length 1 at every scale, and is 0 for a map of zeros", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const map = draw("map", [2, 3, 4, 5]);
    const [attention, scaled, none] = [map, tf.mul(map, 100), tf.zerosLike(map)]
      .map((map) => attentionMap(map));
    assertEquals(attention.shape, [2, 12]);
    const largest = (x: tf.Tensor) => tf.max(tf.abs(x)).dataSync()[0];
    assertEquals(largest(tf.sub(tf.norm(attention, 2, 1), 1)) < 1e-6, true);
    assertEquals(largest(tf.sub(attention, scaled)) < 1e-6, true);
    assertEquals(largest(none), 0);
    assertEquals(largest(tf.grad((x) => tf.sum(attentionMap(x)))(none)), 0);
  });
});
