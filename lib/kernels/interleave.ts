import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../tensor.ts";
import { Attr } from "../tensorflow/binding.ts";
import { nativeBackend } from "../tensorflow/backend.ts";
import { DataType } from "../tensorflow/binding.ts";
import { shuffleChannels } from "./shuffle_channels.ts";

/**
 * The channels of two maps [batch, height, width, channels] by turns: `shuffleChannels` of the two side by side, in two
 * parts. As real and imaginary parts of complex numbers they lie in memory as they should, without the slow transposition
 * and without being put side by side first; on tfjs's own backend its twin.
 */
export function interleave(first: Tensor, second: Tensor): Tensor {
  const backend = nativeBackend();
  if (!backend) return interleaveTwin(first, second);
  const type = (name: string, value: number) => ({ name, type: Attr.type, value });
  const run = (name: string, from: number, to: [name: string, type: number], inputs: number[]) =>
    backend.binding.executeOp(name, [type("T", from), type(...to)], inputs, 1)[0];
  const { float32, complex64 } = DataType;
  return tf.customGrad((...given) => {
    const [first, second] = given as Tensor[], [batch, height, width, channels] = first.shape;
    const pairs = run("Complex", float32, ["Tout", complex64], backend.getInputTensorIds([first, second]));
    const value = backend.createOutputTensor(run("Bitcast", complex64, ["type", float32], [pairs.id]));
    const gradFunc = (dy: Tensor) => {
      const of = backend.getInputTensorIds([tf.reshape(dy, [batch, height, width, channels!, 2])]);
      const pairs = run("Bitcast", float32, ["type", complex64], of);
      return ["Real", "Imag"].map((part) =>
        backend.createOutputTensor(run(part, complex64, ["Tout", float32], [pairs.id]))
      );
    };
    return { value: tf.reshape(value, [batch, height, width, 2 * channels!]), gradFunc };
  })(first, second);
}

/** `interleave` made of tfjs ops. */
export function interleaveTwin(first: Tensor, second: Tensor): Tensor {
  return shuffleChannels(tf.concat([first, second], 3), 2);
}
