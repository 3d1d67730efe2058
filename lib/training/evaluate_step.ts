import { normalisePixels } from "../data/augment.ts";
import type { Normalisation } from "../data/dataset.ts";
import type { StepFunction } from "../engine/engine.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Model, Output } from "../nn/network.ts";
import { passes } from "../nn/pass.ts";
import type { LabelName, Task } from "../tasks/task.ts";

/** The inputs of an evaluation step. */
export type EvaluateInput = "image" | LabelName;

/**
 * Evaluates a batch with running statistics: returns the task's values for a student, alone or
 * beside a teacher.
 */
export function evaluateStep(
  task: Task,
  student: Model,
  teacher: Model | undefined,
  normalisation: Normalisation,
): StepFunction<EvaluateInput> {
  return ({ image, ...labels }) => {
    const images = normalisePixels(image, normalisation);
    return {
      values: task.evaluate(
        runFrozen(student, images),
        labels,
        teacher && runFrozen(teacher, images),
      ),
      updates: [],
    };
  };
}

/** Predicts a batch with running statistics: returns the outputs that the task selects. */
export function predictStep(
  task: Task,
  network: Model,
  normalisation: Normalisation,
): StepFunction<"image"> {
  return ({ image }) => ({
    values: task.predict(runFrozen(network, normalisePixels(image, normalisation))),
    updates: [],
  });
}

function runFrozen(network: Model, images: Tensor): Output {
  return network.run(images, passes().frozen);
}
