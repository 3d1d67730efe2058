import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { Attr, DataType, typeAttribute } from "../tensorflow/binding.ts";
import { type Native, nativeOr, type NativeTensor } from "./native.ts";

/**
 * Which `count` of the things that it may (`allowed`, bool [rows, things]) each row chooses: those
 * of the smallest `keys` (float32 [rows, things], less than 2), of equal ones the first; float32
 * [rows, things] of 0 and 1. Uniform random keys make it a draw without replacement. Every row must
 * be allowed that many. The largest chosen key comes from TensorFlow's `NthElement`, an order of
 * magnitude faster than sorting; on tfjs's own backend its twin sorts.
 */
export function choose(keys: Tensor, allowed: Tensor, count: number): Tensor {
  return nativeOr(
    () => chooseTwin(keys, allowed, count),
    (native) => chooseNative(native, keys, allowed, count),
  );
}

function chooseNative(native: Native, keys: Tensor, allowed: Tensor, count: number): Tensor {
  const things = keys.shape[1]!;
  const { float32, int32, bool, float64 } = DataType;
  const of = typeAttribute("T", float64);
  const [chosen] = native.chain([keys, allowed], ({ op, constant }, key, may) => {
    const floats = (shape: number[], data: Float32Array) => constant(shape, float32, data);
    const whole = (value: number) => constant([], int32, Int32Array.of(value));
    const cast = (x: NativeTensor, from: number, to: number) =>
      op("Cast", [x], [typeAttribute("SrcT", from), typeAttribute("DstT", to)]);
    const double = (x: NativeTensor) => cast(x, float32, float64)[0];
    // Places too small to change the order of keys that differ: random ones are multiples of 2⁻²³.
    const places = double(
      floats([1, things], Float32Array.from({ length: things }, (_, i) => i * 2 ** -50)),
    );
    const [distinct] = op("AddV2", [double(key), places], [of]);
    const [candidates] = op("SelectV2", [may, distinct, double(floats([], Float32Array.of(2)))], [
      of,
    ]);
    const smallest = [of, { name: "reverse", type: Attr.bool, value: false }];
    const [last] = op("NthElement", [candidates, whole(count - 1)], smallest);
    const [edge] = op("ExpandDims", [last, whole(1)], [of, typeAttribute("Tdim", int32)]);
    const [chosen] = op("LessEqual", [candidates, edge], [of]);
    return cast(chosen, bool, float32);
  });
  return chosen;
}

/** `choose` in JavaScript. */
function chooseTwin(keys: Tensor, allowed: Tensor, count: number): Tensor {
  const [rows, things] = keys.shape as [number, number];
  const key = keys.dataSync();
  const may = allowed.dataSync();
  const chosen = new Float32Array(rows * things);
  for (let row = 0; row < rows; row++) {
    const at = Array.from({ length: things }, (_, i) => row * things + i).filter((i) => may[i]);
    for (const i of at.sort((a, b) => key[a] - key[b]).slice(0, count)) chosen[i] = 1;
  }
  return tf.tensor2d(chosen, [rows, things]);
}
