/** Conversions between PyTorch's layout (the references') and TensorFlow's (Retort's). */
import type { Numbers } from "./goldens.ts";

/** Transposes an array so that its dimensions have the order `axes`. */
export function permute({ shape, data }: Numbers, axes: readonly number[]): Numbers {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const turned = axes.map((axis) => shape[axis]);
  const steps = axes.map((axis) => strides[axis]);
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) {
    let rest = i;
    let from = 0;
    for (let axis = turned.length - 1; axis >= 0; axis--) {
      from += (rest % turned[axis]) * steps[axis];
      rest = Math.floor(rest / turned[axis]);
    }
    out[i] = data[from];
  }
  return { shape: turned, data: out };
}

/**
 * Converts weights from PyTorch's layout: convolutions O, I, kh, kw → kh, kw, I, O, transposed
 * ones I, O, kh, kw → kh, kw, O, I, dense layers out, in → in, out.
 */
export function ourWeight(weight: Numbers): Numbers {
  if (weight.shape.length === 4) return permute(weight, [2, 3, 1, 0]);
  return weight.shape.length === 2 ? permute(weight, [1, 0]) : weight;
}

/**
 * Converts weights of PyTorch's transposed convolution of stride 1 to those of our convolution:
 * I, O, kh, kw → kh, kw, I, O, mirrored.
 */
export function mirroredWeight(weight: Numbers): Numbers {
  if (weight.shape.length !== 4) return weight;
  const { shape, data } = permute(weight, [2, 3, 0, 1]);
  const kernels = shape[0] * shape[1];
  const size = data.length / kernels;
  const out = new Float32Array(data.length);
  for (let i = 0; i < kernels; i++) {
    out.set(data.subarray(i * size, (i + 1) * size), (kernels - 1 - i) * size);
  }
  return { shape, data: out };
}

/** Converts maps from PyTorch's layout: NCHW → NHWC. Vectors stay. */
export function ourMap(map: Numbers): Numbers {
  return map.shape.length === 4 ? permute(map, [0, 2, 3, 1]) : map;
}

/** Converts maps to PyTorch's layout: NHWC → NCHW. Vectors stay. */
export function theirMap(map: Numbers): Numbers {
  return map.shape.length === 4 ? permute(map, [0, 3, 1, 2]) : map;
}
