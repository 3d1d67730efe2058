import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { rightSingularVectors } from "../../lib/kernels/right_singular_vectors.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertTwins, draw } from "../support/gradients.ts";

/** Tall, wide and square matrices, one of a single row, and one of a single column. */
const SHAPES = [[3, 9, 5], [3, 5, 9], [2, 4, 4], [2, 1, 5], [2, 5, 1]];

const countOf = ([, rows, columns]: readonly number[]) => Math.min(3, rows, columns);

await needs(
  everything,
  "rightSingularVectors: values and gradients are the same on both backends",
  async () => {
    for (const shape of SHAPES) {
      // A matrix of one column has one vector for any content, so both gradients are 0.
      await assertTwins(`[${shape}]`, [shape], (x) => rightSingularVectors(x, countOf(shape)));
    }
  },
);

Deno.test("rightSingularVectors: orthonormal, with descending singular values and non-negative products with the row sum", async () => {
  await tf.setBackend("cpu");
  for (const shape of SHAPES) {
    tf.tidy(() => {
      const x = draw(`[${shape}]`, shape);
      const count = countOf(shape);
      const v = rightSingularVectors(x, count);
      const products = tf.matMul(v, v, true, false);
      const along = tf.matMul(x, v);
      const off = tf.max(tf.abs(tf.sub(products, tf.eye(count, count, [shape[0]])))).dataSync()[0];
      assert(off < 1e-5, `[${shape}]: ${off}`);
      assert(tf.sum(along, 1).dataSync().every((sum) => sum >= 0));
      const sizes = tf.norm(along, 2, 1).dataSync();
      assert(sizes.every((size, i) => i % count === 0 || size <= sizes[i - 1]));
    });
  }
});

Deno.test("rightSingularVectors: the gradient equals the finite difference", async () => {
  await tf.setBackend("cpu");
  for (const shape of SHAPES) {
    tf.tidy(() => {
      const count = countOf(shape);
      const run = (x: tf.Tensor) => rightSingularVectors(x, count);
      const x = draw(`x [${shape}]`, shape);
      const change = draw(`change [${shape}]`, shape);
      const dy = draw(`dy [${shape}]`, [shape[0], shape[2], count]);
      const step = 1e-2;
      const along = (size: number) =>
        tf.sum(tf.mul(dy, run(tf.add(x, tf.mul(change, size))))).dataSync()[0];
      const slope = tf.sum(tf.mul(tf.grad(run)(x, dy), change)).dataSync()[0];
      assertAlmostEquals(
        slope,
        (along(step) - along(-step)) / (2 * step),
        0.02 * Math.max(1, Math.abs(slope)),
      );
    });
  }
});

await needs(
  everything,
  "rightSingularVectors: equal singular values and zeros have finite vectors and gradients",
  async () => {
    const { native, twin } = await onBoth(() =>
      [[4, 3], [3, 4]].flatMap(([rows, columns]) => {
        const equal = tf.eye(rows, columns);
        const x = tf.stack([equal, tf.zerosLike(equal), tf.onesLike(equal)]);
        const run = (x: tf.Tensor) => rightSingularVectors(x, 3);
        return [run(x), tf.grad(run)(x, draw("dy", [3, columns, 3]))];
      })
    );
    for (const values of [...native, ...twin]) {
      assertEquals(
        values.findIndex((value) => !Number.isFinite(value)),
        -1,
      );
    }
  },
);
