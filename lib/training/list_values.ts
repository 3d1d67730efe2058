import type { Values } from "../engine/engine.ts";
import type { GradNormValues, TrainValues } from "./step.ts";

/** A value of a step, with its name in messages. */
export type NamedValue = readonly [name: string, value: Float32Array];

/** Lists the values of a training step, the loss last: a term says more about what went wrong. */
export function listValues({ loss, terms, reports, sums }: Values<TrainValues>): NamedValue[] {
  return [...Object.entries(terms), ...list("report", reports), ...Object.entries(sums), [
    "loss",
    loss,
  ]];
}

/** Lists the norms of a step's gradients. */
export function listGradNorms({ grads }: Values<GradNormValues>): NamedValue[] {
  return list("grad", grads);
}

function list(group: string, values: { readonly [name: string]: Float32Array }): NamedValue[] {
  return Object.entries(values).map(([name, value]) => [`${group}/${name}`, value]);
}
