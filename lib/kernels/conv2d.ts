import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";
import { Attr } from "../tensorflow/binding.ts";
import { nativeBackend } from "../tensorflow/backend.ts";
import { DataType } from "../tensorflow/c_api.ts";

/**
 * A 2-D convolution of [batch, height, width, in] with weights [kernel, kernel, in, out], the same stride both ways and
 * zero padding on all four sides, as PyTorch counts it (with stride 2 that is not TensorFlow's SAME). TensorFlow's
 * `Conv2D` and its gradients; on tfjs's own backend its twin, padding and tfjs's `conv2d`.
 */
export function conv2d(x: Tensor, weight: Tensor, stride: number, padding: number): Tensor {
  const backend = nativeBackend();
  if (!backend) return conv2dTwin(x, weight, stride, padding);
  const same = stride === 1 && 2 * padding + 1 === weight.shape[0];
  // Explicit padding is an attribute of Conv2D too, but its gradients then leave oneDNN and are five times slower.
  const input = same || padding === 0 ? x : pad(x, padding, stride, weight.shape[0]);
  const attributes = [
    { name: "T", type: Attr.type, value: DataType.float32 },
    { name: "strides", type: Attr.int, value: [1, stride, stride, 1] },
    { name: "padding", type: Attr.string, value: same ? "SAME" : "VALID" },
    { name: "data_format", type: Attr.string, value: "NHWC" },
  ];
  const run = (name: string, inputs: Tensor[]) =>
    backend.createOutputTensor(backend.binding.executeOp(name, attributes, backend.getInputTensorIds(inputs), 1)[0]);
  const shape = (of: Tensor) => tf.tensor1d(of.shape, "int32");
  return tf.customGrad((...given) => {
    const [x, weight, save] = given as unknown as [Tensor, Tensor, tf.GradSaveFunc];
    save([x, weight]);
    const gradFunc = (dy: Tensor, [x, weight]: Tensor[]) => [
      run("Conv2DBackpropInput", [shape(x), weight, dy]),
      run("Conv2DBackpropFilter", [x, shape(weight), dy]),
    ];
    return { value: run("Conv2D", [x, weight]), gradFunc };
  })(input, weight);
}

/** Zeros around a map, on the far sides no more than the last window reaches. */
function pad(x: Tensor, padding: number, stride: number, kernel: number): Tensor {
  const far = (length: number) => {
    const windows = Math.floor((length + 2 * padding - kernel) / stride) + 1;
    return Math.max(0, (windows - 1) * stride + kernel - padding - length);
  };
  const [, height, width] = x.shape;
  return tf.pad(x as Tensor4D, [[0, 0], [padding, far(height)], [padding, far(width)], [0, 0]]);
}

/** `conv2d` made of tfjs ops. */
export function conv2dTwin(x: Tensor, weight: Tensor, stride: number, padding: number): Tensor {
  const padded = padding === 0
    ? x as Tensor4D
    : tf.pad(x as Tensor4D, [[0, 0], [padding, padding], [padding, padding], [0, 0]]);
  return tf.conv2d(padded, weight as Tensor4D, stride, "valid");
}
