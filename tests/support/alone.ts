import type { Nested, StepFunction } from "../../lib/engine/engine.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import type { ByTrial } from "../../lib/training/step.ts";

/** The step of a single trial, with the trial's own values: `alone(trainStep([parts]))`. */
export function alone<I extends string, V extends Nested<Tensor>>(
  step: StepFunction<I, ByTrial<V>>,
): StepFunction<I, V> {
  return (inputs) => {
    const { values, updates } = step(inputs);
    return { values: values[0], updates };
  };
}
