import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";
import { Attr } from "../tensorflow/binding.ts";
import { nativeBackend } from "../tensorflow/backend.ts";
import { DataType } from "../tensorflow/binding.ts";

/**
 * The same tensor, which TensorFlow does not fuse with what is computed from it: where it makes one op of a convolution, a
 * sum and a ReLU, it takes no notice that the sum is read elsewhere too, and then misses it. TensorFlow's `Snapshot`,
 * which copies nothing; on tfjs's own backend the tensor itself.
 */
export function unfused(x: Tensor): Tensor {
  const backend = nativeBackend();
  if (!backend) return x;
  const attributes = [{ name: "T", type: Attr.type, value: DataType.float32 }];
  return tf.customGrad((x) => {
    const [made] = backend.binding.executeOp("Snapshot", attributes, backend.getInputTensorIds([x as Tensor]), 1);
    return { value: backend.createOutputTensor(made), gradFunc: (dy: Tensor) => dy };
  })(x);
}
