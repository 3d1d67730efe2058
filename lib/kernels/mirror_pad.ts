import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { Attr, DataType, typeAttribute } from "../tensorflow/binding.ts";
import { FLOAT, nativeOr } from "./native.ts";

/**
 * Pads a map, [batch, height, width, channels], with a copy of its outer pixels, one on each side.
 * Runs TensorFlow's `MirrorPad`, whose gradient tfjs lacks, or its twin of slices on tfjs's own
 * backend.
 */
export function repeatBorder(x: Tensor): Tensor {
  const { int32 } = DataType;
  const sides = Int32Array.of(0, 0, 1, 1, 1, 1, 0, 0);
  const attributes = [
    FLOAT,
    typeAttribute("Tpaddings", int32),
    { name: "mode", type: Attr.string, value: "SYMMETRIC" },
  ];
  return nativeOr(() => repeatAlong(repeatAlong(x, 1), 2), (native) => {
    const run = (name: string, x: Tensor) =>
      native.chain(
        [x],
        ({ op, constant }, x) => op(name, [x, constant([4, 2], int32, sides)], attributes),
      )[0];
    return tf.customGrad((x) => ({
      value: run("MirrorPad", x as Tensor),
      gradFunc: (dy: Tensor) => run("MirrorPadGrad", dy),
    }))(x);
  });
}

function repeatAlong(x: Tensor, axis: 1 | 2): Tensor {
  const at = (place: number) => {
    const begin = x.shape.map((_, i) => i === axis ? place : 0);
    return tf.slice(x, begin, x.shape.map((side, i) => i === axis ? 1 : side));
  };
  return tf.concat([at(0), x, at(x.shape[axis]! - 1)], axis);
}
