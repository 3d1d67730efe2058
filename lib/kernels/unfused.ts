import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { FLOAT, nativeOr } from "./native.ts";

/**
 * The same tensor, which TensorFlow does not fuse with what is computed from it: where it makes one
 * op of a convolution, a sum and a ReLU, it takes no notice that the sum is read elsewhere too, and
 * then misses it. TensorFlow's `Snapshot`, which copies nothing; on tfjs's own backend the tensor
 * itself.
 */
export function unfused(x: Tensor): Tensor {
  return nativeOr(() => x, (native) =>
    tf.customGrad((x) => {
      const [value] = native.op("Snapshot", [x as Tensor], [FLOAT]);
      return { value, gradFunc: (dy: Tensor) => dy };
    })(x));
}
