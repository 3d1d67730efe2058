import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";
import { Attr } from "../tensorflow/binding.ts";
import { nativeBackend } from "../tensorflow/backend.ts";
import { DataType } from "../tensorflow/binding.ts";

/**
 * The slices of `x` along `axis` at int32 `indices`, whose first `batch` dimensions run along those of `x`. TensorFlow's
 * `GatherV2`: tfjs-node's wrapper reads the indices, which a traced step cannot. No gradient flows through; on tfjs's own
 * backend its twin, tfjs's `gather`.
 */
export function gather(x: Tensor, indices: Tensor, axis: number, batch = 0): Tensor {
  const backend = nativeBackend();
  if (!backend) return tf.gather(x, indices, axis, batch);
  const { binding } = backend;
  const at = binding.createTensor([], DataType.int32, Int32Array.of(axis));
  const [output] = binding.executeOp(
    "GatherV2",
    [
      { name: "Tparams", type: Attr.type, value: x.dtype === "int32" ? DataType.int32 : DataType.float32 },
      { name: "Tindices", type: Attr.type, value: DataType.int32 },
      { name: "Taxis", type: Attr.type, value: DataType.int32 },
      { name: "batch_dims", type: Attr.int, value: batch },
    ],
    [...backend.getInputTensorIds([x, indices]), at],
    1,
  );
  binding.deleteTensor(at);
  return backend.createOutputTensor(output);
}
