import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { choose } from "../../lib/kernels/choose.ts";
import { randomOf } from "../../lib/kernels/random_uniform.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";

const allowed = [[1, 1, 1, 1, 1], [0, 1, 1, 1, 1], [1, 0, 1, 0, 1]];

Deno.test("choose: selects the smallest allowed keys, the first of equal ones", async () => {
  await tf.setBackend("cpu");
  const keys = tf.tensor2d([[0.5, 0.1, 0.5, 0.5, 0.2], [0, 0.9, 0.3, 0.3, 0.8], [
    0.7,
    0,
    0.6,
    0.1,
    0.6,
  ]]);
  const selection = choose(keys, tf.tensor2d(allowed, [3, 5], "bool"), 3);
  assertEquals(await selection.array(), [[1, 1, 0, 0, 1], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1]]);
});

await needs(
  everything,
  "choose: TensorFlow and the twin select the same, among many keys and equal ones",
  async () => {
    const rows = 3;
    const items = 1000;
    const counts = [1, 2, 399, 400];
    const { native, twin } = await onBoth(() => {
      const keys = randomOf(1, "keys", tf.scalar(5, "int32")).uniform([rows, items]);
      const coarse = tf.div(tf.floor(tf.mul(keys, 20)), 20);
      const may = tf.tile(tf.tensor2d([[0, 1, 0, 1, 0]], [1, 5], "bool"), [rows, items / 5]);
      return counts.flatMap((count) => [choose(keys, may, count), choose(coarse, may, count)]);
    });
    native.forEach((selection, i) => {
      assertEquals(selection.reduce((sum, value) => sum + value, 0), rows * counts[i >> 1]);
      assertEquals(selection.filter((value, j) => value !== twin[i][j]).length, 0);
    });
  },
);
