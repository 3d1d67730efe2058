import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { Attr, DataType, typeAttribute } from "../tensorflow/binding.ts";
import { nativeOr } from "./native.ts";

/**
 * The slices of `x` along `axis` at int32 `indices`, whose first `batch` dimensions run along those
 * of `x`. TensorFlow's `GatherV2`: tfjs-node's wrapper reads the indices, which a traced step
 * cannot. No gradient flows through; on tfjs's own backend its twin, tfjs's `gather`.
 */
export function gather(x: Tensor, indices: Tensor, axis: number, batch = 0): Tensor {
  const { int32, float32 } = DataType;
  const attributes = [
    typeAttribute("Tparams", x.dtype === "int32" ? int32 : float32),
    typeAttribute("Tindices", int32),
    typeAttribute("Taxis", int32),
    { name: "batch_dims", type: Attr.int, value: batch },
  ];
  return nativeOr(() => tf.gather(x, indices, axis, batch), (native) => {
    const [gathered] = native.chain(
      [x, indices],
      ({ op, constant }, x, indices) =>
        op("GatherV2", [x, indices, constant([], int32, Int32Array.of(axis))], attributes),
    );
    return gathered;
  });
}

/**
 * `x`, [size, columns], with `rows`, [count, columns], in the places of those at int32 `indices`,
 * [count]; of equal indices all must bring the same row. TensorFlow's `TensorScatterUpdate`; no
 * gradient flows through. Its twin on tfjs's own backend copies: tfjs's `tensorScatterUpdate`
 * writes into `x` itself there.
 */
export function putRows(x: Tensor, indices: Tensor, rows: Tensor): Tensor {
  return nativeOr(
    () => {
      const out = Float32Array.from(x.dataSync());
      const columns = x.shape[1]!;
      const values = rows.dataSync();
      indices.dataSync().forEach((at, i) =>
        out.set(values.subarray(i * columns, (i + 1) * columns), at * columns)
      );
      return tf.tensor(out, x.shape);
    },
    () => tf.tensorScatterUpdate(x, tf.expandDims(indices, 1) as tf.Tensor2D, rows),
  );
}
