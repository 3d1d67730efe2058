import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { Attr } from "../tensorflow/binding.ts";
import { biasAdd } from "./bias_add.ts";
import { FLOAT, type Native, nativeOr } from "./native.ts";

/**
 * x · weight + bias along the last dimension: […, in] → […, out], with weights [in, out] and a bias
 * [out]. All other dimensions are rows of one product, TensorFlow's `MatMul`, which TensorFlow fuses
 * with the bias and, where nothing else reads their sum, with a GELU after it. tfjs's own product is
 * one of batches, which TensorFlow fuses with nothing. Runs its twin on tfjs's own backend.
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const [inputs, units] = weight.shape;
  const rows = tf.reshape(x, [-1, inputs!]);
  const product = nativeOr(
    () => tf.matMul(rows as Tensor2D, weight as Tensor2D),
    (native) => matMulNative(native, rows, weight),
  );
  return tf.reshape(biasAdd(product, bias), [...x.shape.slice(0, -1), units!]);
}

function matMulNative(native: Native, x: Tensor, weight: Tensor): Tensor {
  const product = (a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean) =>
    native.op("MatMul", [a, b], [
      FLOAT,
      { name: "transpose_a", type: Attr.bool, value: transposeA },
      { name: "transpose_b", type: Attr.bool, value: transposeB },
    ])[0];
  return tf.customGrad((...inputs) => {
    const [x, weight, save] = inputs as unknown as [Tensor, Tensor, tf.GradSaveFunc];
    save([x, weight]);
    const gradFunc = (dy: Tensor, [x, weight]: Tensor[]) => [
      product(dy, weight, false, true),
      product(x, dy, true, false),
    ];
    return { value: product(x, weight, false, false), gradFunc };
  })(x, weight);
}
