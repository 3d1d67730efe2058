import * as tf from "@tensorflow/tfjs";
import { customGradient } from "./custom_gradient.ts";
import type { Tensor } from "./tensor.ts";
import { DataType, typeAttribute } from "../tensorflow/binding.ts";
import { FLOAT, type Native, nativeOr } from "./native.ts";

/**
 * Permutes the channels of [batch, height, width, channels]: channel i of part p, of `groups` equal
 * parts, becomes channel i · groups + p (Zhang et al., 2018).
 */
export function shuffleChannels(x: Tensor, groups: number): Tensor {
  const [batch, height, width, channels] = x.shape;
  const parts = tf.reshape(x, [batch, height, width, groups, channels! / groups]);
  return tf.reshape(tf.transpose(parts, [0, 1, 2, 4, 3]), x.shape);
}

/**
 * Alternates the channels of two maps [batch, height, width, channels]: `shuffleChannels` of their
 * concatenation, in two groups. As real and imaginary parts of complex numbers they lie in memory
 * in this order already, without the slow transposition and the concatenation. Runs its twin on
 * tfjs's own backend.
 */
export function interleave(first: Tensor, second: Tensor): Tensor {
  return nativeOr(
    () => interleaveTwin(first, second),
    (native) => interleaveNative(native, first, second),
  );
}

function interleaveNative(native: Native, first: Tensor, second: Tensor): Tensor {
  const { float32, complex64 } = DataType;
  const ofPairs = typeAttribute("T", complex64);
  return customGradient((...inputs) => {
    const [first, second] = inputs as Tensor[];
    const [batch, height, width, channels] = first.shape;
    const [value] = native.chain([first, second], ({ op }, first, second) => {
      const [pairs] = op("Complex", [first, second], [FLOAT, typeAttribute("Tout", complex64)]);
      return op("Bitcast", [pairs], [ofPairs, typeAttribute("type", float32)]);
    });
    const gradFunc = (dy: Tensor) =>
      native.chain([tf.reshape(dy, [batch, height, width, channels!, 2])], ({ op }, dy) => {
        const [pairs] = op("Bitcast", [dy], [FLOAT, typeAttribute("type", complex64)]);
        return ["Real", "Imag"].flatMap((part) =>
          op(part, [pairs], [ofPairs, typeAttribute("Tout", float32)])
        );
      });
    return { value: tf.reshape(value, [batch, height, width, 2 * channels!]), gradFunc };
  })(first, second);
}

/** `interleave` made of tfjs ops. */
function interleaveTwin(first: Tensor, second: Tensor): Tensor {
  return shuffleChannels(tf.concat([first, second], 3), 2);
}
