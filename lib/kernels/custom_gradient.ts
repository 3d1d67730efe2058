import * as tf from "@tensorflow/tfjs";
import { nativeBackend } from "../tensorflow/backend.ts";
import { Failure } from "../values/failure.ts";
import type { Tensor } from "./tensor.ts";

/** A kernel with its gradient, as `tf.customGrad` takes them. */
export type Differentiable<T extends Tensor> = Parameters<typeof tf.customGrad<T>>[0];

/**
 * `tf.customGrad` for a kernel whose gradient has TensorFlow's ops, which tfjs does not see: it would
 * take that gradient for a constant. Its own gradient throws a `Failure` (exit 2) instead.
 */
export function customGradient<T extends Tensor>(
  forward: Differentiable<T>,
): (...inputs: Tensor[]) => T {
  return tf.customGrad((...inputs) => {
    const { value, gradFunc } = forward(...inputs);
    return {
      value,
      gradFunc: (dy, saved) => {
        const gradients = gradFunc(dy, saved);
        const given = inputs.filter((one) => one instanceof tf.Tensor);
        withoutSecond([dy, ...given, ...saved], [gradients].flat());
        return gradients;
      },
    };
  });
}

/** The members of tfjs's engine that record a gradient. */
export interface Tape {
  addTapeNode(
    kernel: string,
    inputs: Readonly<Record<string, Tensor>>,
    outputs: readonly Tensor[],
    gradient: (() => never) | null,
    saved: Tensor[],
    attributes: object,
  ): void;
}

/** Makes a gradient of these gradients throw, if a tape is on that could want it. */
function withoutSecond(inputs: readonly Tensor[], gradients: readonly Tensor[]): void {
  const engine = tf.engine();
  const { gradientDepth, kernelDepth } = engine.state;
  if (!nativeBackend() || gradientDepth === 0 || kernelDepth > 0) return;
  const named = Object.fromEntries(inputs.map((input, i) => [i, input]));
  (engine as unknown as Tape).addTapeNode("SecondGradient", named, gradients, refuse, [], {});
}

function refuse(): never {
  throw new Failure(
    2,
    "there is no gradient of a gradient of a network on TensorFlow: --backend cpu has it, and " +
      "stopGradient makes the inner one a constant",
  );
}
