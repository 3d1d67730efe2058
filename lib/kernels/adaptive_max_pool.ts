import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";

/**
 * The greatest values of a map [batch, height, width, channels] in `rows` × `columns` bins, as PyTorch's adaptive max pooling
 * has them: bin i of n over a side of m goes from ⌊i·m/n⌋ to ⌈(i + 1)·m/n⌉. Of equal values one gets the gradient.
 */
export function adaptiveMaxPool(x: Tensor, rows: number, columns: number): Tensor {
  const [, height, width] = (x as Tensor4D).shape;
  if (height % rows === 0 && width % columns === 0) {
    const window: [number, number] = [height / rows, width / columns];
    return tf.maxPool(x as Tensor4D, window, window, "valid");
  }
  return along(along(x as Tensor4D, 1, rows), 2, columns);
}

/** The greatest values along a side in `count` bins. */
function along(x: Tensor4D, axis: 1 | 2, count: number): Tensor4D {
  const bins = Array.from({ length: count }, (_, i) => {
    const length = x.shape[axis], start = Math.floor(i * length / count);
    const size = Math.ceil((i + 1) * length / count) - start;
    const bin = axis === 1 ? tf.slice(x, [0, start], [-1, size]) : tf.slice(x, [0, 0, start], [-1, -1, size]);
    const window: [number, number] = axis === 1 ? [size, 1] : [1, size];
    return tf.maxPool(bin, window, window, "valid");
  });
  return tf.concat(bins, axis);
}
