import { conv, transposedConv } from "../../nn/conv.ts";
import { defaultInitialisers, type Layer } from "../../nn/layer.ts";
import { relu, seq } from "../../nn/layers.ts";
import { norm } from "../../nn/norm.ts";
import type { Shape } from "../../nn/variables.ts";
import { Failure } from "../../values/failure.ts";

/**
 * A convolution, a norm and, if `rectified`, a ReLU from one map's shape to another's. The
 * convolution is transposed if the map grows. Throws a `Failure` (exit 2) if a shape is not a
 * square map's.
 */
export function regressor(from: Shape, to: Shape, rectified = true): Layer {
  const [side, , input] = from;
  const [target, , channels] = to;
  if (from.length !== 3 || to.length !== 3 || from[0] !== from[1] || to[0] !== to[1]) {
    throw new Failure(
      2,
      `a regressor leads from one square map to another, not from [${from}] to [${to}]: choose other taps`,
    );
  }
  const convolution = (kernel: number, stride: number, padding: number) =>
    conv(channels, {
      kernel,
      stride,
      padding,
      bias: true,
      ...defaultInitialisers(kernel * kernel * input),
    });
  const scale = Math.floor(target / side);
  const layer = side === 2 * target
    ? convolution(3, 2, 1)
    : target === 2 * side
    ? transposedConv(channels, 4, 2, "doubling")
    : side >= target
    ? convolution(1 + side - target, 1, 0)
    : transposedConv(channels, target - scale * (side - 1), scale, "none");
  return rectified ? seq(layer, norm(), relu()) : seq(layer, norm());
}
