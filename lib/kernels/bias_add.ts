import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { Attr } from "../tensorflow/binding.ts";
import { FLOAT, nativeOr } from "./native.ts";

const attributes = [FLOAT, { name: "data_format", type: Attr.string, value: "NHWC" }];

/**
 * x + bias along the last dimension. Runs TensorFlow's `BiasAdd`, which TensorFlow fuses with the
 * convolution or product before it (it may move a general addition elsewhere first), or tfjs's
 * `add` on tfjs's own backend.
 */
export function biasAdd(x: Tensor, bias: Tensor): Tensor {
  return nativeOr(() => tf.add(x, bias), (native) =>
    tf.customGrad((...inputs) => {
      const [x, bias] = inputs as Tensor[];
      const [value] = native.op("BiasAdd", [x, bias], attributes);
      return {
        value,
        gradFunc: (dy: Tensor) => [dy, ...native.op("BiasAddGrad", [dy], attributes)],
      };
    })(x, bias));
}
