import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";
import { Attr } from "../tensorflow/binding.ts";
import { nativeBackend } from "../tensorflow/backend.ts";
import { DataType } from "../tensorflow/binding.ts";

const type = [{ name: "T", type: Attr.type, value: DataType.float32 }];

/**
 * max(x, 0), with TensorFlow's one-op gradient `ReluGrad` in place of tfjs's three; on tfjs's own backend its twin,
 * tfjs's `relu`.
 */
export function relu(x: Tensor): Tensor {
  const backend = nativeBackend();
  if (!backend) return tf.relu(x);
  const run = (name: string, inputs: Tensor[]) =>
    backend.createOutputTensor(backend.binding.executeOp(name, type, backend.getInputTensorIds(inputs), 1)[0]);
  return tf.customGrad((x, save) => {
    const out = run("Relu", [x as Tensor]);
    (save as tf.GradSaveFunc)([out]);
    return { value: out, gradFunc: (dy: Tensor, saved: Tensor[]) => run("ReluGrad", [dy, saved[0]]) };
  })(x);
}
