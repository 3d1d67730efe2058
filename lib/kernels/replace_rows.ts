import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { nativeOr } from "./native.ts";

/**
 * A copy of `x`, [size, columns], with `rows`, [count, columns], in place of its rows at int32
 * `indices`, [count]. Equal indices must have equal rows. Runs TensorFlow's `TensorScatterUpdate`.
 * No gradient flows through. The twin on tfjs's own backend copies, because tfjs's
 * `tensorScatterUpdate` writes into `x` itself there.
 */
export function replaceRows(x: Tensor, indices: Tensor, rows: Tensor): Tensor {
  return nativeOr(
    () => {
      const out = Float32Array.from(x.dataSync());
      const columns = x.shape[1]!;
      const values = rows.dataSync();
      indices.dataSync().forEach((row, i) =>
        out.set(values.subarray(i * columns, (i + 1) * columns), row * columns)
      );
      return tf.tensor(out, x.shape);
    },
    () => tf.tensorScatterUpdate(x, tf.expandDims(indices, 1) as tf.Tensor2D, rows),
  );
}
