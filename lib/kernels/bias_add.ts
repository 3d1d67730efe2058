import * as tf from "@tensorflow/tfjs";
import { customGradient } from "./custom_gradient.ts";
import type { Tensor } from "./tensor.ts";
import { Attr } from "../tensorflow/binding.ts";
import { FLOAT, type Native, nativeOr } from "./native.ts";

const attributes = [FLOAT, { name: "data_format", type: Attr.string, value: "NHWC" }];

/**
 * x + bias along the last dimension. Runs TensorFlow's `BiasAdd`, which TensorFlow fuses with the
 * convolution or product before it (it may move a general addition elsewhere first), or tfjs's
 * `add` on tfjs's own backend.
 */
export function biasAdd(x: Tensor, bias: Tensor): Tensor {
  return nativeOr(() => tf.add(x, bias), (native) =>
    customGradient((...inputs) => {
      const [x, bias] = inputs as Tensor[];
      const [value] = native.op("BiasAdd", [x, bias], attributes);
      return { value, gradFunc: (dy: Tensor) => [dy, sumRows(native, dy)] };
    })(x, bias));
}

/** Sums over all dimensions but the last, as TensorFlow does for a bias, without a gradient. */
export function sumRows(native: Native, x: Tensor): Tensor {
  return native.op("BiasAddGrad", [x], attributes)[0];
}
