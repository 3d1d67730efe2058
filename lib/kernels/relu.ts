import * as tf from "@tensorflow/tfjs";
import { customGradient } from "./custom_gradient.ts";
import type { Tensor } from "./tensor.ts";
import { Attr, type OpAttribute } from "../tensorflow/binding.ts";
import { FLOAT, type Native, nativeOr } from "./native.ts";

/**
 * max(x, 0). Runs TensorFlow's `Relu`, with its one-op gradient `ReluGrad` in place of tfjs's three
 * ops, or tfjs's `relu` on tfjs's own backend.
 */
export function reluOp(x: Tensor): Tensor {
  return nativeOr(() => tf.relu(x), (native) => rectify(native, "Relu", x, [FLOAT]));
}

/**
 * x if it is positive, else slope · x, 0 < slope < 1. The gradient, TensorFlow's one-op
 * `LeakyReluGrad`, reads the result: if a second op reads x itself, TensorFlow fails to fuse this
 * one with a convolution. Runs tfjs's `leakyRelu` on tfjs's own backend.
 */
export function leakyReluOp(x: Tensor, slope: number): Tensor {
  const attributes = [FLOAT, { name: "alpha", type: Attr.float, value: slope }];
  return nativeOr(
    () => tf.leakyRelu(x, slope),
    (native) => rectify(native, "LeakyRelu", x, attributes),
  );
}

/** Runs an op whose gradient is one op on its result. */
function rectify(native: Native, name: string, x: Tensor, attributes: OpAttribute[]): Tensor {
  return customGradient((x, save) => {
    const [out] = native.op(name, [x as Tensor], attributes);
    (save as tf.GradSaveFunc)([out]);
    const gradFunc = (dy: Tensor, [out]: Tensor[]) =>
      native.op(`${name}Grad`, [dy, out], attributes)[0];
    return { value: out, gradFunc };
  })(x);
}
