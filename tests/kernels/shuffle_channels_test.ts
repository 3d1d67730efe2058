import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { interleave, shuffleChannels } from "../../lib/kernels/shuffle_channels.ts";
import { everything, needs } from "../support/needs.ts";
import { assertTwins } from "../support/gradients.ts";

Deno.test("shuffleChannels: takes channels from the parts in turn", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const x = tf.tensor4d([0, 1, 2, 3, 4, 5], [1, 1, 1, 6]);
    assertEquals([...shuffleChannels(x, 2).dataSync()], [0, 3, 1, 4, 2, 5]);
    assertEquals([...shuffleChannels(x, 3).dataSync()], [0, 2, 4, 1, 3, 5]);
    assertEquals([...shuffleChannels(x, 1).dataSync()], [0, 1, 2, 3, 4, 5]);
    assertEquals([...shuffleChannels(shuffleChannels(x, 2), 3).dataSync()], [...x.dataSync()]);
  });
});

await needs(
  everything,
  "shuffleChannels: values and gradient are the same on both backends",
  async () => {
    await assertTwins("a shuffle", [[2, 3, 4, 6]], (x) => shuffleChannels(x, 3));
  },
);

Deno.test("interleave: alternates the channels of two maps", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const map = (...values: number[]) => tf.tensor4d(values, [1, 1, 1, 3]);
    assertEquals([...interleave(map(0, 1, 2), map(3, 4, 5)).dataSync()], [0, 3, 1, 4, 2, 5]);
  });
});

await needs(everything, "interleave: equals its twin", async () => {
  await assertTwins("two maps", [[2, 3, 4, 5], [2, 3, 4, 5]], interleave);
});
