/** Runs functions of tensors of a detector's golden case on every engine. */
import * as tf from "@tensorflow/tfjs";
import type { StepFunction } from "../../lib/engine/engine.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import type { Input } from "../../lib/values/input.ts";
import { type Kind, open } from "./engines.ts";

/** The JSON of a case, whose other members its check reads. */
export interface DetectionFacts {
  readonly fp32_vs_fp64_rel_err: Readonly<Record<string, number>>;
  readonly [fact: string]: unknown;
}

/**
 * Runs a function of tensors compiled, op by op and on tfjs's own backend, and gives its named
 * values to `check`. Default of `kinds`: all three.
 */
export async function onEveryEngine<I extends string, V extends string>(
  inputs: Readonly<Record<I, Input>>,
  run: (inputs: Readonly<Record<I, Tensor>>) => Readonly<Record<V, Tensor>>,
  check: (kind: Kind, values: Readonly<Record<V, Float32Array>>) => void,
  kinds: readonly Kind[] = ["compiled", "eager", "cpu"],
): Promise<void> {
  const step: StepFunction<I, Record<V, Tensor>> = (given) => ({
    values: run(given),
    updates: [],
  });
  for (const kind of kinds) {
    const engine = await open(kind);
    const values = await engine.compile(step)(inputs);
    engine.close();
    check(kind, values as Readonly<Record<V, Float32Array>>);
  }
}

/** The value of a function and its gradient with respect to its argument, times `dy`. */
export function withGradient(
  x: Tensor,
  run: (x: Tensor) => Tensor,
  dy?: Tensor,
): { value: Tensor; gradient: Tensor } {
  return { value: run(x), gradient: tf.grad((x) => run(x as Tensor))(x, dy) };
}
