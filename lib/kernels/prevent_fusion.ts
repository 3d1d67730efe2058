import { customGradient } from "./custom_gradient.ts";
import type { Tensor } from "./tensor.ts";
import { FLOAT, nativeOr } from "./native.ts";

/**
 * The same tensor, but TensorFlow does not fuse it with the ops that read it. TensorFlow fuses a
 * convolution, a sum and a ReLU even if another op reads the sum, and that op then misses it. Runs
 * TensorFlow's `Snapshot`, which copies nothing. On tfjs's own backend, the tensor itself.
 */
export function preventFusion(x: Tensor): Tensor {
  return nativeOr(() => x, (native) =>
    customGradient((x) => {
      const [value] = native.op("Snapshot", [x as Tensor], [FLOAT]);
      return { value, gradFunc: (dy: Tensor) => dy };
    })(x));
}
