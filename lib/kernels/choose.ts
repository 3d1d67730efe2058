import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";
import { Attr, type OpAttribute } from "../tensorflow/binding.ts";
import { nativeBackend } from "../tensorflow/backend.ts";
import { DataType } from "../tensorflow/binding.ts";

/**
 * Which `count` of the things that it may (`allowed`, bool [rows, things]) each row chooses: those of the smallest `keys`
 * (float32 [rows, things], less than 2), of equal ones the first; float32 [rows, things] of 0 and 1. Uniform random keys
 * make it a draw without replacement. Every row must be allowed that many. The largest chosen key comes from TensorFlow's
 * `NthElement`, an order of magnitude faster than sorting; on tfjs's own backend its twin sorts.
 */
export function choose(keys: Tensor, allowed: Tensor, count: number): Tensor {
  const backend = nativeBackend();
  if (!backend) return chooseTwin(keys, allowed, count);
  const { binding } = backend, things = keys.shape[1]!, made: number[] = [];
  const run = (name: string, attributes: OpAttribute[], inputs: number[]): number => {
    const [{ id }] = binding.executeOp(name, attributes, inputs, 1);
    made.push(id);
    return id;
  };
  const type = (name: string, value: number): OpAttribute => ({ name, type: Attr.type, value });
  const { float32, int32, bool, float64 } = DataType, of = type("T", float64);
  const host = (shape: number[], data: Float32Array | Int32Array): number => {
    const id = binding.createTensor(shape, data instanceof Float32Array ? float32 : int32, data);
    made.push(id);
    return id;
  };
  const double = (id: number) => run("Cast", [type("SrcT", float32), type("DstT", float64)], [id]);
  const [key, may] = backend.getInputTensorIds([keys, allowed]);
  // Places too small to change the order of keys that differ: random ones are multiples of 2⁻²³.
  const places = double(host([1, things], Float32Array.from({ length: things }, (_, i) => i * 2 ** -50)));
  const distinct = run("AddV2", [of], [double(key), places]);
  const candidates = run("SelectV2", [of], [may, distinct, double(host([], Float32Array.of(2)))]);
  const last = run("NthElement", [of, { name: "reverse", type: Attr.bool, value: false }], [
    candidates,
    host([], Int32Array.of(count - 1)),
  ]);
  const edge = run("ExpandDims", [of, type("Tdim", int32)], [last, host([], Int32Array.of(1))]);
  const chosen = run("LessEqual", [of], [candidates, edge]);
  const [output] = binding.executeOp("Cast", [type("SrcT", bool), type("DstT", float32)], [chosen], 1);
  made.forEach((id) => binding.deleteTensor(id));
  return backend.createOutputTensor(output);
}

/** `choose` in JavaScript. */
function chooseTwin(keys: Tensor, allowed: Tensor, count: number): Tensor {
  const [rows, things] = keys.shape as [number, number], key = keys.dataSync(), may = allowed.dataSync();
  const chosen = new Float32Array(rows * things);
  for (let row = 0; row < rows; row++) {
    const at = Array.from({ length: things }, (_, i) => row * things + i).filter((i) => may[i]);
    for (const i of at.sort((a, b) => key[a] - key[b]).slice(0, count)) chosen[i] = 1;
  }
  return tf.tensor2d(chosen, [rows, things]);
}
