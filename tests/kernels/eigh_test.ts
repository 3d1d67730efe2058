import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { eigh } from "../../lib/kernels/eigh.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";
import { draw } from "../support/gradients.ts";

const symmetric = (batch: number, n: number) => {
  const x = draw(`${batch} of ${n}`, [batch, n, n]);
  return tf.add(x, tf.transpose(x, [0, 2, 1]));
};

await needs(
  everything,
  "eigh: eigenvalues ascend, and vectors · values · vectorsᵀ is the matrix",
  async () => {
    for (const n of [1, 2, 5, 16]) {
      const { native, twin } = await onBoth(() => {
        const matrices = symmetric(3, n);
        const { values, vectors } = eigh(matrices);
        const product = tf.matMul(tf.mul(vectors, tf.expandDims(values, 1)), vectors, false, true);
        return [values, product, matrices, tf.matMul(vectors, vectors, true, false)];
      });
      const identities = Float32Array.from(
        { length: 3 * n * n },
        (_, i) => i % (n * n) % (n + 1) === 0 ? 1 : 0,
      );
      for (const [values, product, matrices, lengths] of [native, twin]) {
        assert(values.every((value, i) => i % n === 0 || value >= values[i - 1]));
        assertNear("the matrix", product, matrices, 1e-5);
        assertNear("the vectors' products", lengths, identities, 1e-5);
      }
      assertNear("the values", native[0], twin[0], 1e-5);
    }
  },
);

await needs(
  everything,
  "eigh: equal eigenvalues, zeros and NaN cause no error",
  async () => {
    const { native, twin } = await onBoth(() => {
      const matrices = tf.stack([tf.eye(3), tf.zeros([3, 3]), tf.fill([3, 3], NaN)]);
      return [tf.slice(eigh(matrices).values, 0, 2)];
    });
    for (const [values] of [native, twin]) assertEquals([...values], [1, 1, 1, 0, 0, 0]);
  },
);
