/** A student, a teacher and a method ready for `trainStep`, and the values of one step. */
import { alone } from "./alone.ts";
import type { Distiller, Teachers } from "../../lib/experiment/distiller.ts";
import type { Engine, Values } from "../../lib/engine/engine.ts";
import type { Input, Inputs } from "../../lib/values/input.ts";
import type { Net } from "../../lib/nn/network.ts";
import type { Optimizer } from "../../lib/experiment/optimizer.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import type { Schedule } from "../../lib/experiment/schedule.ts";
import {
  type TrainInput,
  type TrainParts,
  trainStep,
  type TrainValues,
} from "../../lib/training/step.ts";
import type { Shape, Variable } from "../../lib/nn/variables.ts";
import { assembleUntrained } from "./assemble_untrained.ts";
import { classification } from "../../lib/tasks/classification.ts";

/** The options of `assembleStep`. */
export interface StepOptions<S extends Net, T extends Teachers> {
  /** The student. Its variables are named `student.…`. */
  readonly student: S;
  /** The teachers. Their variables are named `teacher1.…`, `teacher2.…` and so on. */
  readonly teacher: T;
  /** The method, which may need no teacher. Its variables are named `distiller.…`. */
  readonly distiller: Distiller<S, T, never> | Distiller<S, undefined, never>;
  /** Shape of an image. */
  readonly image: Shape;
  /** Number of classes. */
  readonly classes: number;
  /** The class of each training image. Default: one image of each class. */
  readonly labels?: Int32Array;
  /** The schedule that makes the optimiser. Default: plain SGD. */
  readonly schedule?: Schedule;
  /** Initial values by name. */
  readonly values: ReadonlyMap<string, Float32Array>;
}

/** The parts of a training step without augmentation and without normalisation. */
export interface StepParts extends TrainParts {
  /** Every variable by name. */
  readonly collected: ReadonlyMap<string, Variable>;
}

/** Makes the student, the teachers and the method. Throws if `values` has an unknown name. */
export function assembleStep<S extends Net, const T extends Teachers>(
  options: StepOptions<S, T>,
): StepParts {
  const { student, teacher, distiller, image, classes, values, schedule = plain } = options;
  const { labels = Int32Array.from({ length: classes }, (_, i) => i) } = options;
  const zeros = image.slice(-1).flatMap((channels) => new Array<number>(channels).fill(0));
  const normalisation = { mean: zeros, std: zeros.map(() => 1 / 255) };
  const { parts, variables } = assembleUntrained(
    {
      student,
      teacher,
      distiller,
      dataset: { task: classification, augmentation: { crop: 0, flip: false }, normalisation },
    },
    { seed: 1, image, classes, train: { size: labels.length, labels }, schedule, values },
  );
  for (const name of values.keys()) {
    if (!variables.has(name)) throw new Error(`there is no variable ${name} to give values`);
  }
  return { ...parts, collected: variables };
}

const plain = sgd({ epochs: 1, batch: 1, lr: 1 });

/** Makes all inputs of a step. */
export function stepInputs(
  image: Input,
  label: Input["data"],
  rate: number,
  step: number,
  epoch = 1,
  index: Int32Array = new Int32Array(label.length),
): Inputs<TrainInput> {
  const scalar = (value: number): Input => ({ shape: [], data: Float32Array.of(value) });
  return {
    image,
    label: { shape: [label.length], data: label },
    index: { shape: [label.length], data: index },
    rate: { shape: [1], data: Float32Array.of(rate) },
    epoch: scalar(epoch),
    step: { shape: [], data: Int32Array.of(step) },
  };
}

/** An optimiser that assigns each gradient to its variable, where a test can read it. */
const inPlace: Optimizer = {
  update: (gradients) =>
    Array.from(gradients, ([variable, [value]]) => ({ kind: "assign", variable, value: value! })),
};

/** The results of the first step. */
export interface FirstStep {
  /** The values of the step. */
  readonly values: Values<TrainValues>;
  /** Gives a trainable variable's gradient, or the next value of a statistic or memory. */
  after(variable: string): Float32Array;
}

/**
 * Compiles a step that returns its gradients instead of applying them. Each call starts from the
 * initial values, or from `values` by name.
 */
export function firstStep(
  engine: Engine,
  made: StepParts,
): (
  image: Input,
  label: Int32Array,
  values?: ReadonlyMap<string, Float32Array>,
  index?: Int32Array,
) => Promise<FirstStep> {
  const held = [...made.collected.values()];
  const changing = held.filter((variable) => !variable.fixed);
  const step = engine.compile(alone(trainStep([{ ...made, optimizer: inPlace }])));
  return async (image, label, start, index) => {
    await engine.hold(held, start);
    const values = await step(stepInputs(image, label, 1, 0, 1, index));
    const read = await engine.read(changing);
    const after = new Map(changing.map(({ name }, i) => [name, read[i]]));
    return {
      values,
      after(variable) {
        const found = after.get(variable);
        if (!found) throw new Error(`there is no variable ${variable}`);
        return found;
      },
    };
  };
}
