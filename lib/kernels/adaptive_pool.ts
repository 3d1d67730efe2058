import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";

/**
 * Averages a map [batch, height, width, channels] over `rows` × `columns` bins, as PyTorch's
 * adaptive average pooling does. Bin i of n on a side of m goes from ⌊i·m/n⌋ to ⌈(i + 1)·m/n⌉.
 * Neighbouring bins may overlap, and there may be more bins than pixels.
 */
export function adaptivePool(x: Tensor, rows: number, columns: number): Tensor {
  const [batch, height, width, channels] = (x as Tensor4D).shape;
  if (height === rows && width === columns) return x;
  if (height % rows === 0 && width % columns === 0) {
    const window: [number, number] = [height / rows, width / columns];
    return tf.avgPool(x as Tensor4D, window, window, "valid");
  }
  const across = tf.matMul(bins(width, columns), tf.reshape(x, [batch * height, width, channels]));
  const down = tf.matMul(
    bins(height, rows),
    tf.reshape(across, [batch, height, columns * channels]),
  );
  return tf.reshape(down, [batch, rows, columns, channels]);
}

/**
 * Pools two maps to one size: along each side, the longer one to the shorter. Keeps their channels.
 * Default of `pool`: by averages.
 */
export function toSmaller(
  a: Tensor,
  b: Tensor,
  pool: typeof adaptivePool = adaptivePool,
): [a: Tensor, b: Tensor] {
  const rows = Math.min(a.shape[1]!, b.shape[1]!);
  const columns = Math.min(a.shape[2]!, b.shape[2]!);
  return [pool(a, rows, columns), pool(b, rows, columns)];
}

/** The weight of each pixel of a side in each bin, [1, bins, pixels]. */
function bins(pixels: number, count: number): Tensor {
  const weights = Array.from({ length: count }, (_, bin) => {
    const start = Math.floor(bin * pixels / count);
    const end = Math.ceil((bin + 1) * pixels / count);
    return Array.from({ length: pixels }, (_, i) => i >= start && i < end ? 1 / (end - start) : 0);
  });
  return tf.tensor3d([weights]);
}

/**
 * Takes the maximum of a map [batch, height, width, channels] in each of `rows` × `columns` bins,
 * as PyTorch's adaptive max pooling does. Bin i of n on a side of m goes from ⌊i·m/n⌋ to ⌈(i +
 * 1)·m/n⌉. Only one of several equal values gets the gradient.
 */
export function adaptiveMaxPool(x: Tensor, rows: number, columns: number): Tensor {
  const [, height, width] = (x as Tensor4D).shape;
  if (height % rows === 0 && width % columns === 0) {
    const window: [number, number] = [height / rows, width / columns];
    return tf.maxPool(x as Tensor4D, window, window, "valid");
  }
  return maxAlong(maxAlong(x as Tensor4D, 1, rows), 2, columns);
}

/** The maxima of `count` bins along a side. */
function maxAlong(x: Tensor4D, axis: 1 | 2, count: number): Tensor4D {
  const maxima = Array.from({ length: count }, (_, i) => {
    const length = x.shape[axis];
    const start = Math.floor(i * length / count);
    const size = Math.ceil((i + 1) * length / count) - start;
    const bin = axis === 1
      ? tf.slice(x, [0, start], [-1, size])
      : tf.slice(x, [0, 0, start], [-1, -1, size]);
    const window: [number, number] = axis === 1 ? [size, 1] : [1, size];
    return tf.maxPool(bin, window, window, "valid");
  });
  return tf.concat(maxima, axis);
}
