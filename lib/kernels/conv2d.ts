import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import { customGradient } from "./custom_gradient.ts";
import type { Tensor } from "./tensor.ts";
import { Attr, type OpAttribute } from "../tensorflow/binding.ts";
import { FLOAT, type Native, nativeOr } from "./native.ts";
import { type Margins, marginsOf, pad } from "./pad.ts";

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
  const [size, , depth] = weight.shape;
  const same = stride === 1 && 2 * padding + 1 === size;
  // Where narrow 1×1 windows leave out the last row or column, oneDNN's gradient writes outside of
  // its memory.
  const isNarrow = size === 1 && depth! <= 8;
  const input = isNarrow ? cut(pad(x, padding, stride, size, 0), stride) : x;
  const margins = same || padding === 0 || isNarrow
    ? undefined
    : marginsOf(x, padding, stride, size);
  const run = (name: string, inputs: Tensor[], padded?: Margins) =>
    native.op(name, inputs, attributes(stride, same, padded))[0];
  const shape = (of: Tensor) => tf.tensor1d(of.shape, "int32");
  return customGradient((...inputs) => {
    const [x, weight, save] = inputs as unknown as [Tensor, Tensor, tf.GradSaveFunc];
    save([x, weight]);
    const gradFunc = (dy: Tensor, [x, weight]: Tensor[]) => {
      // The gradients of a convolution that pads its map itself leave oneDNN and are five times
      // slower.
      const padded = margins ? tf.pad(x as Tensor4D, margins) as Tensor : x;
      const toPadded = run("Conv2DBackpropInput", [shape(padded), weight, dy]);
      return [
        margins ? within(toPadded, margins, x.shape) : toPadded,
        native.bfloat16 && same && isProductFaster(x, weight)
          ? weightGradient(x, weight.shape, dy)
          : run("Conv2DBackpropFilter", [padded, shape(weight), dy]),
      ];
    };
    return { value: run("Conv2D", [x, weight], margins), gradFunc };
  })(input, weight);
}

/** The attributes of TensorFlow's convolution, or of its gradients. */
function attributes(stride: number, same: boolean, margins?: Margins): OpAttribute[] {
  return [
    FLOAT,
    { name: "strides", type: Attr.int, value: [1, stride, stride, 1] },
    {
      name: "padding",
      type: Attr.string,
      value: margins ? "EXPLICIT" : same ? "SAME" : "VALID",
    },
    { name: "data_format", type: Attr.string, value: "NHWC" },
    ...(margins ? [{ name: "explicit_paddings", type: Attr.int, value: margins.flat() }] : []),
  ];
}

/** The part of a padded map, [batch, height, width, channels], that is not margin. */
function within(padded: Tensor, margins: Margins, shape: number[]): Tensor {
  const start = margins.map(([before]) => before);
  return tf.slice(padded as Tensor4D, start as Tensor4D["shape"], shape as Tensor4D["shape"]);
}

/** The most pixels of a small map. */
const SMALL = 16;

/**
 * Whether, in bfloat16, `weightGradient` takes less time than oneDNN's own gradient: on small maps
 * that one takes as long as in float32.
 */
function isProductFaster({ shape: [, height, width, channels] }: Tensor, weight: Tensor): boolean {
  const [size, , depth] = weight.shape;
  return size > 1 && depth === channels && height! * width! <= SMALL;
}

/**
 * The gradient of a convolution that keeps the size of its map, for its weights, as one product of
 * matrices: each pixel's window by the pixel's gradient, summed over pixels and images.
 */
function weightGradient(x: Tensor, shape: number[], dy: Tensor): Tensor {
  const size = shape[0];
  const wide = pad(x, size >> 1, 1, size, 0) as Tensor4D;
  const shifted = Array.from(
    { length: size * size },
    (_, i) => tf.slice(wide, [0, Math.floor(i / size), i % size, 0], x.shape as Tensor4D["shape"]),
  );
  const rows = (map: Tensor) => tf.reshape(map, [-1, map.shape[3]!]);
  return tf.reshape(tf.matMul(rows(tf.concat(shifted, 3)), rows(dy), true), shape);
}

/** A map without the rows and columns after the last 1×1 window at a stride. */
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
