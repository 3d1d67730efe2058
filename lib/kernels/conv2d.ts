import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { Attr } from "../tensorflow/binding.ts";
import { FLOAT, type Native, nativeOr } from "./native.ts";
import { pad } from "./pad.ts";

/**
 * A 2-D convolution of [batch, height, width, in] with weights [kernel, kernel, in / groups, out],
 * the same stride in both directions and zero padding on all four sides, as PyTorch counts it
 * (TensorFlow's SAME differs at stride 2). It is grouped if the weights take fewer channels than
 * `x` has. Runs TensorFlow's `Conv2D` and its gradients, or its twin on tfjs's own backend.
 */
export function conv2d(x: Tensor, weight: Tensor, stride: number, padding: number): Tensor {
  return nativeOr(
    () => conv2dTwin(x, weight, stride, padding),
    (native) => conv2dNative(native, x, weight, stride, padding),
  );
}

function conv2dNative(
  native: Native,
  x: Tensor,
  weight: Tensor,
  stride: number,
  padding: number,
): Tensor {
  const same = stride === 1 && 2 * padding + 1 === weight.shape[0];
  // Conv2D also has an attribute for explicit padding, but its gradients then leave oneDNN and are
  // five times slower.
  const padded = same || padding === 0 ? x : pad(x, padding, stride, weight.shape[0], 0);
  // Where narrow 1×1 windows leave out the last row or column, oneDNN's gradient writes outside of
  // its memory.
  const input = weight.shape[0] === 1 && weight.shape[2]! <= 8 ? cut(padded, stride) : padded;
  const attributes = [
    FLOAT,
    { name: "strides", type: Attr.int, value: [1, stride, stride, 1] },
    { name: "padding", type: Attr.string, value: same ? "SAME" : "VALID" },
    { name: "data_format", type: Attr.string, value: "NHWC" },
  ];
  const run = (name: string, inputs: Tensor[]) => native.op(name, inputs, attributes)[0];
  const shape = (of: Tensor) => tf.tensor1d(of.shape, "int32");
  return tf.customGrad((...inputs) => {
    const [x, weight, save] = inputs as unknown as [Tensor, Tensor, tf.GradSaveFunc];
    save([x, weight]);
    const gradFunc = (dy: Tensor, [x, weight]: Tensor[]) => [
      run("Conv2DBackpropInput", [shape(x), weight, dy]),
      run("Conv2DBackpropFilter", [x, shape(weight), dy]),
    ];
    return { value: run("Conv2D", [x, weight]), gradFunc };
  })(input, weight);
}

/** A map without the rows and columns behind the last 1×1 window at a stride. */
function cut(x: Tensor, stride: number): Tensor {
  const [, height, width] = x.shape as Tensor4D["shape"];
  const [rows, columns] = [height, width].map((side) => side - (side - 1) % stride);
  if (rows === height && columns === width) return x;
  return tf.slice(x, [0, 0, 0, 0], [-1, rows, columns, -1]);
}

/** `conv2d` made of tfjs ops. */
export function conv2dTwin(x: Tensor, weight: Tensor, stride: number, padding: number): Tensor {
  const [kernel, , depth, out] = weight.shape;
  const inputs = x.shape[3]!;
  const groups = inputs / depth;
  const same = stride === 1 && 2 * padding + 1 === kernel;
  const kind = same ? "same" : "valid";
  const map = (same ? x : pad(x, padding, stride, kernel, 0)) as Tensor4D;
  const filter = weight as Tensor4D;
  if (groups === 1) return tf.conv2d(map, filter, stride, kind);
  if (depth === 1 && out === inputs) {
    return tf.depthwiseConv2d(map, tf.transpose(filter, [0, 1, 3, 2]), stride, kind);
  }
  const filters = tf.split(filter, groups, 3) as Tensor4D[];
  const parts = tf.split(map, groups, 3) as Tensor4D[];
  return tf.concat(parts.map((part, i) => tf.conv2d(part, filters[i], stride, kind)), 3);
}
