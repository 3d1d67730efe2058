import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { Attr } from "../tensorflow/binding.ts";
import { FLOAT, nativeOr } from "./native.ts";

const attributes = [FLOAT, { name: "data_format", type: Attr.string, value: "NHWC" }];

/**
 * x + bias, the bias along the last dimension. TensorFlow's `BiasAdd`, which it joins with the
 * convolution or product before it (a general addition it may first move elsewhere); on tfjs's own
 * backend its twin, tfjs's `add`.
 */
export function biasAdd(x: Tensor, bias: Tensor): Tensor {
  return nativeOr(() => tf.add(x, bias), (native) =>
    tf.customGrad((...given) => {
      const [x, bias] = given as Tensor[];
      const [value] = native.op("BiasAdd", [x, bias], attributes);
      return {
        value,
        gradFunc: (dy: Tensor) => [dy, ...native.op("BiasAddGrad", [dy], attributes)],
      };
    })(x, bias));
}
