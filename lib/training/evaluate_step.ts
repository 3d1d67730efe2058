import type { Dataset, Mix, Normalisation } from "../data/dataset.ts";
import type { StepFunction, Ungrouped } from "../engine/engine.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Model, Net, PassOutput } from "../nn/network.ts";
import { passes } from "../nn/pass.ts";
import type { Variable } from "../nn/variables.ts";
import type { LabelName, Labels, Task } from "../tasks/task.ts";
import { networkImages } from "./prepare_images.ts";
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
    const images = networkImages({ task, normalisation }, image, labels);
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

/** What a prediction needs of a data set. */
export type PredictedDataset = Pick<
  Dataset<Mix | undefined, string, Net>,
  "task" | "normalisation"
>;

/**
 * Predicts a batch with running statistics: returns the outputs that `select` takes, such as
 * `task.predict`. The labels say where padding begins; their goals are not read.
 */
export function predictStep<V extends Ungrouped>(
  { task, normalisation }: PredictedDataset,
  network: Model,
  select: (output: PassOutput, labels: Labels) => V,
): StepFunction<EvaluateInput, V> {
  return ({ image, ...labels }) => ({
    values: select(
      runFrozen(network, networkImages({ task, normalisation }, image, labels)),
      labels,
    ),
    updates: [],
  });
}

function runFrozen(
  network: Model,
  images: Tensor,
  instead: ReadonlyMap<Variable, Variable> = new Map(),
): PassOutput {
  const { frozen } = passes();
  const read = (variable: Variable) => frozen.read(instead.get(variable) ?? variable);
  return network.run(images, { ...frozen, read });
}
