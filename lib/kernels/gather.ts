import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { Attr, DataType, typeAttribute } from "../tensorflow/binding.ts";
import { nativeOr } from "./native.ts";

/**
 * Takes the slices of `x` along `axis` at int32 `indices`. Their first `batch` dimensions run along
 * those of `x`. Runs TensorFlow's `GatherV2`, because tfjs-node's wrapper reads the indices and a
 * traced step cannot, or tfjs's `gather` on tfjs's own backend. No gradient flows through.
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
    const [slices] = native.chain(
      [x, indices],
      ({ op, constant }, x, indices) =>
        op("GatherV2", [x, indices, constant([], int32, Int32Array.of(axis))], attributes),
    );
    return slices;
  });
}

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
