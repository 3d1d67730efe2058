import * as tf from "@tensorflow/tfjs";
import { Attr, type OpAttribute } from "../tensorflow/binding.ts";
import { nativeBackend } from "../tensorflow/backend.ts";
import { DataType } from "../tensorflow/binding.ts";
import type { Tensor } from "../tensor.ts";

/**
 * x where it is positive, else slope · x, 0 < slope < 1. Its gradient, TensorFlow's one-op `LeakyReluGrad`, is taken from
 * the result: where x itself is read once more, TensorFlow fails to make one op of it and a convolution. On tfjs's own
 * backend its twin, tfjs's `leakyRelu`.
 */
export function leakyRelu(x: Tensor, slope: number): Tensor {
  const backend = nativeBackend();
  if (!backend) return tf.leakyRelu(x, slope);
  const attributes: OpAttribute[] = [
    { name: "T", type: Attr.type, value: DataType.float32 },
    { name: "alpha", type: Attr.float, value: slope },
  ];
  const run = (name: string, inputs: Tensor[]) =>
    backend.createOutputTensor(backend.binding.executeOp(name, attributes, backend.getInputTensorIds(inputs), 1)[0]);
  return tf.customGrad((x, save) => {
    const out = run("LeakyRelu", [x as Tensor]);
    (save as tf.GradSaveFunc)([out]);
    return { value: out, gradFunc: (dy: Tensor, saved: Tensor[]) => run("LeakyReluGrad", [dy, saved[0]]) };
  })(x);
}
