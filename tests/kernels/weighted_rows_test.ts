import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { weightedRows } from "../../lib/kernels/weighted_rows.ts";
import { onBoth } from "../support/engines.ts";
import { assertTwins } from "../support/gradients.ts";
import { everything, needs } from "../support/needs.ts";

const terms = () => ({
  indices: tf.tensor2d([[4, 0, 0], [1, 4, 2], [3, 3, 3], [0, 1, 2]], [4, 3], "int32"),
  weights: tf.tensor2d([[1, 2, 3], [0, -1, 1], [0.5, 0.25, 0], [1, 1, 1]]),
});

await needs(
  everything,
  "weightedRows: values and gradient equal its twin's, also of rows that are there twice or never",
  async () => {
    await assertTwins("rows", [[6, 3]], (x) => weightedRows(x, terms()));
  },
);

await needs(everything, "weightedRows: adds up rows", async () => {
  const { native, twin } = await onBoth(() => [
    weightedRows(tf.tensor2d([[1, 10], [2, 20], [4, 40], [8, 80], [16, 160]]), terms()),
  ]);
  const expected = [21, 210, -12, -120, 6, 60, 7, 70];
  assertEquals([...native[0]], expected);
  assertEquals([...twin[0]], expected);
});

await needs(everything, "weightedRows: no thread's part of a gradient is lost", async () => {
  const sums = 20_000;
  const { native } = await onBoth(() => {
    const ones = { indices: tf.zeros([sums, 4], "int32"), weights: tf.ones([sums, 4]) };
    return [tf.grad((x) => tf.sum(weightedRows(x, ones)))(tf.zeros([2, 8]))];
  });
  assertEquals([...native[0]], [...Array(8).fill(4 * sums), ...Array(8).fill(0)]);
});
