import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { rowProducts } from "../../lib/kernels/row_products.ts";
import { randomOf } from "../../lib/kernels/random_uniform.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import { onBoth, useTensorflow } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

await needs(
  everything,
  "rowProducts: products and gradient are those of the whole product, in one part or several",
  async () => {
    const [batch, columns, rows, count] = [5, 3, 7, 4];
    const { native, twin } = await onBoth(() => {
      const random = randomOf(1, "rows", tf.scalar(0, "int32"));
      const [x, table] = [random.normal([batch, columns]), random.normal([rows, columns])];
      const weight = random.normal([batch, count]);
      // Some indices come twice.
      const indices = tf.cast(tf.mul(random.uniform([batch, count]), rows), "int32");
      const whole = (x: Tensor) => {
        const chosen = tf.oneHot(tf.reshape(indices, [-1]) as tf.Tensor1D, rows, 1, 0, "float32");
        const all = tf.reshape(chosen, [batch, count, rows]);
        const products = tf.reshape(tf.matMul(x, table, false, true), [batch, rows, 1]);
        return tf.reshape(tf.matMul(all, products), [batch, count]);
      };
      const inParts = (most: number) => (x: Tensor) => rowProducts(x, table, indices, most);
      return [whole, inParts(2 ** 20), inParts(2 * count * columns), inParts(1)].flatMap((run) => [
        run(x),
        tf.grad((x) => tf.sum(tf.mul(weight, run(x))))(x),
      ]);
    });
    for (const [name, results] of Object.entries({ native, twin })) {
      results.forEach((one, i) => assertNear(`${name} ${i}`, one, native[i % 2], 1e-5));
    }
  },
);

await needs(everything, "rowProducts: no thread's part of a gradient is lost", async () => {
  const [batch, columns, count] = [8, 128, 2 ** 14];
  await useTensorflow();
  const gradient = tf.tidy(() => {
    const table = tf.stack([tf.zeros([columns]), tf.range(0, columns)]);
    const indices = tf.onesLike(tf.zeros([batch, count], "int32"));
    const sum = (x: Tensor) => tf.sum(rowProducts(x, table, indices));
    return tf.grad(sum)(tf.zeros([batch, columns])).dataSync();
  });
  // Whole numbers that float32 holds, so that a lost addition shows.
  const row = Array.from({ length: columns }, (_, column) => count * column);
  assertEquals([...gradient], Array.from({ length: batch }, () => row).flat());
});
