import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";
import { nativeBackend } from "../tensorflow/backend.ts";

/**
 * `x`, [size, columns], with `rows`, [count, columns], in the places of those at int32 `indices`, [count]; of equal indices
 * all must bring the same row. TensorFlow's `TensorScatterUpdate`; no gradient flows through. Its twin on tfjs's own
 * backend copies: tfjs's `tensorScatterUpdate` writes into `x` itself there.
 */
export function putRows(x: Tensor, indices: Tensor, rows: Tensor): Tensor {
  if (nativeBackend()) return tf.tensorScatterUpdate(x, tf.expandDims(indices, 1) as tf.Tensor2D, rows);
  const out = Float32Array.from(x.dataSync()), columns = x.shape[1]!, values = rows.dataSync();
  indices.dataSync().forEach((at, i) => out.set(values.subarray(i * columns, (i + 1) * columns), at * columns));
  return tf.tensor(out, x.shape);
}
