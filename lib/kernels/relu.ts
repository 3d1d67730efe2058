import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { Attr, type OpAttribute } from "../tensorflow/binding.ts";
import { FLOAT, type Native, nativeOr } from "./native.ts";

/**
 * max(x, 0), with TensorFlow's one-op gradient `ReluGrad` in place of tfjs's three; on tfjs's own
 * backend its twin, tfjs's `relu`.
 */
export function reluOp(x: Tensor): Tensor {
  return nativeOr(() => tf.relu(x), (native) => rectify(native, "Relu", x, [FLOAT]));
}

/**
 * x where it is positive, else slope · x, 0 < slope < 1. Its gradient, TensorFlow's one-op
 * `LeakyReluGrad`, is taken from the result: where x itself is read once more, TensorFlow fails to
 * make one op of it and a convolution. On tfjs's own backend its twin, tfjs's `leakyRelu`.
 */
export function leakyReluOp(x: Tensor, slope: number): Tensor {
  const attributes = [FLOAT, { name: "alpha", type: Attr.float, value: slope }];
  return nativeOr(
    () => tf.leakyRelu(x, slope),
    (native) => rectify(native, "LeakyRelu", x, attributes),
  );
}

/** An op whose gradient is one op of the result. */
function rectify(native: Native, name: string, x: Tensor, attributes: OpAttribute[]): Tensor {
  return tf.customGrad((x, save) => {
    const [out] = native.op(name, [x as Tensor], attributes);
    (save as tf.GradSaveFunc)([out]);
    const gradFunc = (dy: Tensor, [out]: Tensor[]) =>
      native.op(`${name}Grad`, [dy, out], attributes)[0];
    return { value: out, gradFunc };
  })(x);
}
