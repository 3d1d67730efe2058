import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "@tensorflow/tfjs";
import { customGradient } from "./custom_gradient.ts";
import type { Tensor } from "./tensor.ts";
import { Attr } from "../tensorflow/binding.ts";
import { biasAdd } from "./bias_add.ts";
import { FLOAT, type Native, nativeOr } from "./native.ts";

/**
 * x · weight + bias along the last dimension: […, in] → […, out], with weights [in, out] and a bias
 * [out]. All other dimensions are rows of one product, TensorFlow's `MatMul`, which TensorFlow fuses
 * with the bias. tfjs's own product is one of batches, which TensorFlow fuses with no bias. Runs its
 * twin on tfjs's own backend.
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
  return customGradient((...inputs) => {
    const [x, weight, save] = inputs as unknown as [Tensor, Tensor, tf.GradSaveFunc];
    save([x, weight]);
    const gradFunc = (dy: Tensor, [x, weight]: Tensor[]) => [
      matrixProduct(native, dy, weight, { transposeB: true }),
      matrixProduct(native, x, dy, { transposeA: true }),
    ];
    return { value: matrixProduct(native, x, weight), gradFunc };
  })(x, weight);
}

/** TensorFlow's product of two matrices, without a gradient. Default: neither is transposed. */
export function matrixProduct(
  native: Native,
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false } = {},
): Tensor {
  const [product] = native.op("MatMul", [a, b], [
    FLOAT,
    { name: "transpose_a", type: Attr.bool, value: transposeA },
    { name: "transpose_b", type: Attr.bool, value: transposeB },
  ]);
  return product;
}
