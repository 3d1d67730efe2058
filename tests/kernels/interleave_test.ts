import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { interleave } from "../../lib/kernels/interleave.ts";
import { everything, needs } from "../needs.ts";
import { assertTwins } from "./gradients.ts";

Deno.test("channels of two maps come by turns", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const map = (...values: number[]) => tf.tensor4d(values, [1, 1, 1, 3]);
    assertEquals([...interleave(map(0, 1, 2), map(3, 4, 5)).dataSync()], [0, 3, 1, 4, 2, 5]);
  });
});

await needs(everything, "interleave is its twin", async () => {
  await assertTwins("two maps", [[2, 3, 4, 5], [2, 3, 4, 5]], interleave);
});
