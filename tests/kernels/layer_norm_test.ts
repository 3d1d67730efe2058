import * as tf from "@tensorflow/tfjs";
import { layerNormOp } from "../../lib/kernels/layer_norm.ts";
import { assertTwins } from "../support/gradients.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

const EPSILON = 1e-6;
const norm = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
  layerNormOp(x, scale, offset, EPSILON);

await needs(everything, "layerNorm: equals its twin on vectors, tokens and maps", async () => {
  for (const shape of [[6], [5, 6], [3, 7, 6], [2, 3, 1, 6], [0, 3, 6]]) {
    await assertTwins(`[${shape}]`, [shape, [6], [6]], norm);
  }
});

await needs(
  everything,
  "layerNorm: ε counts in rows that hardly vary, a mean far from 0 does not",
  async () => {
    const rows = [[1, 2, 3], [7, 7, 7], [0, 1e-3, 2e-3], [1000, 1001, 1002]];
    const expected = rows.flatMap((row) => {
      const mean = row.reduce((sum, x) => sum + x) / 3;
      const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 3;
      return row.map((x, i) => (x - mean) / Math.sqrt(variance + EPSILON) * (i + 1) + 10 * i);
    });
    const { native, twin } = await onBoth(
      () => [norm(tf.tensor2d(rows), tf.tensor1d([1, 2, 3]), tf.tensor1d([0, 10, 20]))],
    );
    assertNear("TensorFlow", native[0], expected, 1e-5);
    assertNear("twin", twin[0], expected, 1e-5);
  },
);

await needs(everything, "layerNorm: the gradient in a constant row is finite", async () => {
  const { native, twin } = await onBoth(() => {
    const inputs = [tf.fill([1, 2], 4), tf.tensor1d([1, 2]), tf.tensor1d([0, 0])];
    return tf.grads(norm as (...inputs: tf.Tensor[]) => tf.Tensor)(inputs, tf.tensor2d([[1, 1]]));
  });
  // (dy · scale − its mean) / √ε
  assertNear("TensorFlow", native[0], [-500, 500], 1e-5);
  assertNear("twin", twin[0], [-500, 500], 1e-5);
});
