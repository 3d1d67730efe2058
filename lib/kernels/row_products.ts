import * as tf from "@tensorflow/tfjs";
import { customGradient } from "./custom_gradient.ts";
import type { Tensor } from "./tensor.ts";

/**
 * The inner products of each vector of `x`, [batch, columns], with some rows of `table`, [rows,
 * columns], at its own int32 `indices`, [batch, count]: [batch, count]. The gradient flows to `x`
 * alone. Gathers the rows of a few vectors at a time, in both directions, `most` elements or those of
 * one vector, so that memory does not depend on the batch.
 */
export function rowProducts(
  x: Tensor,
  table: Tensor,
  indices: Tensor,
  most: number = MOST,
): Tensor {
  const [batch, count] = indices.shape as [number, number];
  const columns = x.shape[1]!;
  return customGradient((...inputs) => {
    const [x, save] = inputs as unknown as [Tensor, tf.GradSaveFunc];
    save([table, indices]);
    const gradFunc = (dy: Tensor, [table, indices]: Tensor[]) => {
      const gradient = byPart(table, indices, most, (rows, start, length) => {
        const part = tf.slice(dy, [start, 0], [length, count]);
        return tf.matMul(tf.reshape(part, [length, 1, count]), rows);
      });
      return tf.reshape(gradient, [batch, columns]);
    };
    const products = byPart(table, indices, most, (rows, start, length) => {
      const part = tf.slice(x, [start, 0], [length, columns]);
      return tf.matMul(rows, tf.reshape(part, [length, columns, 1]));
    });
    return { value: tf.reshape(products, [batch, count]), gradFunc };
  })(x);
}

/** The most elements of gathered rows: 32 MB. */
const MOST = 2 ** 23;

/**
 * Computes with the rows of a table at some indices, [length, count, columns] from the vector `start`
 * on, part after part, and joins the results.
 */
function byPart(
  table: Tensor,
  indices: Tensor,
  most: number,
  compute: (rows: Tensor, start: number, length: number) => Tensor,
): Tensor {
  const [batch, count] = indices.shape as [number, number];
  const together = Math.max(1, Math.floor(most / (count * table.shape[1]!)));
  const results: Tensor[] = [];
  for (let start = 0; start < batch; start += together) {
    const length = Math.min(together, batch - start);
    const part = tf.slice(indices, [start, 0], [length, count]);
    const before = results.at(-1);
    results.push(compute(tf.gather(table, before ? after(part, before) : part, 0), start, length));
  }
  return tf.concat(results, 0);
}

/** The same indices once `before` is computed. TensorFlow would gather all parts at once. */
function after(indices: Tensor, before: Tensor): Tensor {
  const first = tf.slice(tf.reshape(before, [before.size]), 0, 1);
  return tf.maximum(indices, tf.minimum(tf.cast(first, "int32"), tf.scalar(0, "int32")));
}
