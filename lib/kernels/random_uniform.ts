import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";
import { hashName, philox } from "../random.ts";
import { Attr } from "../tensorflow/binding.ts";
import { nativeBackend } from "../tensorflow/backend.ts";
import { DataType } from "../tensorflow/binding.ts";

/** Random numbers inside a step: the same for the same seed, stream and step, different in every step. */
export interface Random {
  /** Uniform in [0, 1), of `shape`; each call of a step is given a stream of its own. */
  uniform(shape: readonly number[]): Tensor;
  /** The random numbers of a stream named below this one. */
  in(name: string): Random;
}

/** The random numbers of a run's seed and a stream's name in the step that `step`, an int32 scalar, counts. */
export function randomOf(seed: number, name: string, step: Tensor): Random {
  let calls = 0;
  return {
    uniform: (shape) => randomUniform(shape, hashName(`${seed}/${name}/${calls++}`), step),
    in: (below) => randomOf(seed, `${name}/${below}`, step),
  };
}

/**
 * Uniform numbers in [0, 1) as TensorFlow's stateless generator gives them for the seed (key, step); on tfjs's own
 * backend its twin in JavaScript, which gives the same bits.
 */
export function randomUniform(shape: readonly number[], key: number, step: Tensor): Tensor {
  const backend = nativeBackend();
  if (!backend) return randomUniformTwin(shape, key, step.dataSync()[0]);
  const { binding } = backend, { int32, int64, float32 } = DataType;
  const type = (name: string, value: number) => ({ name, type: Attr.type, value });
  const made: number[] = [];
  const run = (name: string, attributes: Parameters<typeof binding.executeOp>[1], inputs: number[], outputs = 1) => {
    const results = binding.executeOp(name, attributes, inputs, outputs);
    made.push(...results.map((result) => result.id));
    return results;
  };
  const host = (shape: number[], type: number, data: ArrayBufferView) => {
    const id = binding.createTensor(shape, type, data);
    made.push(id);
    return id;
  };
  const [counted] = run("Cast", [type("SrcT", int32), type("DstT", int64)], backend.getInputTensorIds([step]));
  const named = host([], int64, BigInt64Array.of(BigInt(key)));
  const [seed] = run(
    "Pack",
    [{ name: "N", type: Attr.int, value: 2 }, type("T", int64), { name: "axis", type: Attr.int, value: 0 }],
    [named, counted.id],
  );
  const [philoxKey, counter] = run("StatelessRandomGetKeyCounter", [type("Tseed", int64)], [seed.id], 2);
  const size = host([shape.length], int32, Int32Array.from(shape)), algorithm = host([], int32, Int32Array.of(1));
  const [uniform] = binding.executeOp(
    "StatelessRandomUniformV2",
    [type("dtype", float32), type("Tshape", int32)],
    [size, philoxKey.id, counter.id, algorithm],
    1,
  );
  made.forEach((id) => binding.deleteTensor(id));
  return backend.createOutputTensor(uniform);
}

/** `randomUniform` in JavaScript. */
export function randomUniformTwin(shape: readonly number[], key: number, step: number): Tensor {
  const block = new Uint32Array(4);
  // TensorFlow scrambles the two halves of its seed into a key and the upper half of a counter.
  philox([key >>> 0, 0, step >>> 0, 0], [0x3ec8f720, 0x02461e29], block);
  const scrambled = block.slice(0, 2), counter = Uint32Array.of(0, 0, block[2], block[3]);
  const size = shape.reduce((a, b) => a * b, 1), numbers = new Float32Array(size), bits = new Uint32Array(1);
  const float = new Float32Array(bits.buffer);
  for (let i = 0; i < size; i++) {
    if (i % 4 === 0) {
      philox(counter, scrambled, block);
      counter[0]++;
      if (counter[0] === 0) counter[1]++;
    }
    bits[0] = (block[i % 4] & 0x7fffff) | 0x3f800000;
    numbers[i] = float[0] - 1;
  }
  return tf.tensor(numbers, [...shape]);
}
