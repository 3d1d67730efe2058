/** Values and gradients of a kernel on both backends. */
import * as tf from "@tensorflow/tfjs";
import { stream } from "../../lib/values/random.ts";
import { onBoth } from "./engines.ts";
import { assertNear } from "./tolerance.ts";

/** Draws shift + scale · standard normal numbers, always the same for a name. */
export function draw(name: string, shape: readonly number[], scale = 1, shift = 0): tf.Tensor {
  const random = stream(5, name);
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(Float32Array.from({ length: size }, () => shift + scale * random.normal()), [
    ...shape,
  ]);
}

/**
 * Asserts that a function of tensors with these shapes and its gradients with respect to all of
 * them are the same on TensorFlow as on tfjs's own backend.
 */
export async function assertTwins(
  what: string,
  shapes: readonly (readonly number[])[],
  run: (...inputs: tf.Tensor[]) => tf.Tensor,
): Promise<void> {
  const { native, twin } = await onBoth(() => {
    const inputs = shapes.map((shape, i) => draw(`${what}/${i}`, shape));
    const value = run(...inputs);
    const dy = draw(`${what}/dy`, value.shape);
    return [value, ...tf.grads((...given) => run(...given as tf.Tensor[]))(inputs, dy)];
  });
  native.forEach((array, i) =>
    assertNear(`${what}, ${i === 0 ? "value" : `gradient ${i}`}`, array, twin[i], 1e-5)
  );
}
