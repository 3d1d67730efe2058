import type { Value } from "./checkpoint.ts";

/** An array of floats with its dimensions in another order: dimension `i` of what comes out is dimension `axes[i]` of `value`. */
export function permute({ shape, data }: Value, axes: readonly number[]): Value {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const turned = axes.map((axis) => shape[axis]), steps = axes.map((axis) => strides[axis]);
  const out = new Float32Array(data.length);
  let to = 0;
  const walk = (axis: number, from: number): void => {
    if (axis === turned.length) out[to++] = data[from];
    else for (let i = 0; i < turned[axis]; i++) walk(axis + 1, from + i * steps[axis]);
  };
  walk(0, 0);
  return { shape: turned, data: out };
}
