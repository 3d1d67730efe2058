/** The common parts of all checks of losses: one step of a method between given outputs. */
import type { Distiller, HardLabels } from "../../../lib/experiment/distiller.ts";
import type { Scorer } from "../../../lib/nn/network.ts";
import {
  assembleStep,
  type FirstStep,
  firstStep,
  type StepParts,
} from "../../support/assemble_step.ts";
import { type Kind, open } from "../../support/engines.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import type { Check, Golden, Numbers } from "../../support/goldens.ts";
import { assertNear, tolerance } from "../../support/tolerance.ts";

/** Checks of the losses' cases. */
export type Checks = readonly Check<Loss>[];

/** The JSON of a loss's case. */
export interface Loss {
  readonly source: string;
  readonly args: Readonly<Record<string, number>>;
  readonly theoretically_zero: readonly string[];
  readonly fp32_vs_fp64_rel_err: Readonly<Record<string, number>>;
}

/** A golden value or a sum of several, our value, and the conversion to our layout. */
export interface Expected {
  readonly golden: readonly string[];
  readonly ours: (step: FirstStep) => Float32Array;
  readonly layout?: (value: Numbers) => Numbers;
}

/** Gives the loss of the step. */
export const total = ({ values }: FirstStep): Float32Array => values.loss;

/** Gives a term of the loss, or the sum of several. */
export const terms = (...names: string[]) => ({ values }: FirstStep): Float32Array =>
  Float32Array.of(names.reduce((sum, name) => sum + values.terms[name][0], 0));

/** Gives the gradient of a trainable variable or the next value of a statistic. */
export const after = (variable: string) => (step: FirstStep): Float32Array => step.after(variable);

/** Compares one step with golden values, compiled and on tfjs's own backend. */
export async function check(
  { name, facts, tensor }: Golden<Loss>,
  made: StepParts,
  label: Int32Array,
  expected: readonly Expected[],
) {
  const image = { shape: [label.length, 1, 1, 1], data: new Float32Array(label.length) };
  for (const kind of ["compiled", "cpu"] satisfies Kind[]) {
    const engine = await open(kind);
    const step = await firstStep(engine, made)(image, label);
    engine.close();
    for (const { golden, ours, layout } of expected) {
      const parts = golden.map((part) => layout ? layout(tensor(part)).data : tensor(part).data);
      const sum = parts.reduce((sum, part) => sum.map((value, i) => value + part[i]));
      const error = Math.max(...golden.map((part) => facts.fp32_vs_fp64_rel_err[part] ?? 0));
      assertNear(`${name} ${kind}: ${golden.join(" + ")}`, ours(step), sum, tolerance(error));
    }
  }
}

/** Name of the variable of a given network's logits, below its prefix. */
export const LOGITS = "logits.value";

/** Makes a method between networks whose logits are the golden ones. */
export function between(
  { tensor }: Golden<Loss>,
  distiller: Distiller<Scorer, Scorer, HardLabels>,
  more: Record<string, string>,
): StepParts {
  const { shape } = tensor("in.logit_s");
  const network = networkOfVariables({ logits: shape });
  const names = { "student.": "logit_s", "teacher1.": "logit_t", ...more };
  const values = Object.entries(names).map(([prefix, name]) =>
    [prefix + LOGITS, tensor(`in.${name}`).data] as const
  );
  return assembleStep({
    student: network,
    teacher: network,
    distiller,
    image: [1, 1, 1],
    classes: shape[1],
    values: new Map(values),
  });
}
