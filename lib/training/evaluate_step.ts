import { normalisePixels } from "../data/augment.ts";
import type { Normalisation } from "../data/dataset.ts";
import type { StepFunction, Ungrouped } from "../engine/engine.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Model, Output } from "../nn/network.ts";
import { passes } from "../nn/pass.ts";
import type { Variable } from "../nn/variables.ts";
import type { LabelName, Task } from "../tasks/task.ts";
import type { ByTrial } from "./step.ts";

/** The inputs of an evaluation step. */
export type EvaluateInput = "image" | LabelName;

/** A network to evaluate. */
export interface Evaluated {
  readonly student: Model;
  /** The teacher with which the task compares it. Default: none. */
  readonly teacher?: Model;
  /** Variables whose values take the place of the student's. Default: none. */
  readonly instead?: ReadonlyMap<Variable, Variable>;
}

/**
 * Evaluates networks on a batch with running statistics: returns the task's values for each, alone
 * or beside its teacher. A teacher that several have runs once.
 */
export function evaluateStep(
  task: Task,
  networks: readonly Evaluated[],
  normalisation: Normalisation,
): StepFunction<EvaluateInput, ByTrial<Ungrouped>> {
  return ({ image, ...labels }) => {
    const images = normalisePixels(image, normalisation);
    const teachers = new Set(networks.flatMap(({ teacher }) => teacher ?? []));
    const taught = new Map(
      Array.from(teachers, (teacher) => [teacher, runFrozen(teacher, images)]),
    );
    const values = networks.map(({ student, teacher, instead }) =>
      task.evaluate(runFrozen(student, images, instead), labels, teacher && taught.get(teacher))
    );
    return { values: Object.fromEntries(values.entries()), updates: [] };
  };
}

/**
 * Predicts a batch with running statistics: returns the outputs that `select` takes, such as
 * `task.predict`.
 */
export function predictStep<V extends Ungrouped>(
  select: (output: Output) => V,
  network: Model,
  normalisation: Normalisation,
): StepFunction<"image", V> {
  return ({ image }) => ({
    values: select(runFrozen(network, normalisePixels(image, normalisation))),
    updates: [],
  });
}

function runFrozen(
  network: Model,
  images: Tensor,
  instead: ReadonlyMap<Variable, Variable> = new Map(),
): Output {
  const { frozen } = passes();
  const read = (variable: Variable) => frozen.read(instead.get(variable) ?? variable);
  return network.run(images, { ...frozen, read });
}
