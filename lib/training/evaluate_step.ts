import { normalisePixels } from "../data/augment.ts";
import type { Normalisation } from "../data/dataset.ts";
import type { Traced } from "../engine/engine.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Model, Output } from "../nn/network.ts";
import { passes } from "../nn/pass.ts";
import type { LabelName, Task } from "../tasks/task.ts";

/** The inputs of an evaluation. */
export type EvaluateInput = "image" | LabelName;

/**
 * Evaluation of a batch by running statistics: what the task computes of a student, alone or beside
 * a teacher.
 */
export function evaluateStep(
  task: Task,
  student: Model,
  teacher: Model | undefined,
  normalisation: Normalisation,
): Traced<EvaluateInput> {
  return ({ image, ...labels }) => {
    const images = normalisePixels(image, normalisation);
    return {
      values: task.evaluate(see(student, images), labels, teacher && see(teacher, images)),
      updates: [],
    };
  };
}

/** Prediction of a batch by running statistics: what the task chooses of a network's output. */
export function predictStep(
  task: Task,
  network: Model,
  normalisation: Normalisation,
): Traced<"image"> {
  return ({ image }) => ({
    values: task.predict(see(network, normalisePixels(image, normalisation))),
    updates: [],
  });
}

/** What a network makes of normalised images. */
function see(network: Model, images: Tensor): Output {
  return network.run(images, passes().frozen);
}
