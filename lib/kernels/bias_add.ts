import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";
import { Attr } from "../tensorflow/binding.ts";
import { nativeBackend } from "../tensorflow/backend.ts";
import { DataType } from "../tensorflow/binding.ts";

const attributes = [
  { name: "T", type: Attr.type, value: DataType.float32 },
  { name: "data_format", type: Attr.string, value: "NHWC" },
];

/**
 * x + bias, the bias along the last dimension. TensorFlow's `BiasAdd`, which it joins with the convolution or product
 * before it (a general addition it may first move elsewhere); on tfjs's own backend its twin, tfjs's `add`.
 */
export function biasAdd(x: Tensor, bias: Tensor): Tensor {
  const backend = nativeBackend();
  if (!backend) return tf.add(x, bias);
  const run = (name: string, inputs: Tensor[]) =>
    backend.createOutputTensor(backend.binding.executeOp(name, attributes, backend.getInputTensorIds(inputs), 1)[0]);
  return tf.customGrad((...given) => {
    const [x, bias] = given as Tensor[];
    return { value: run("BiasAdd", [x, bias]), gradFunc: (dy: Tensor) => [dy, run("BiasAddGrad", [dy])] };
  })(x, bias);
}
