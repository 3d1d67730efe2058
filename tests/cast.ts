/** A student, a teacher and a method ready for `trainStep`, and what one step of them computes. */
import { creator } from "../lib/create.ts";
import type { Distiller, Loss, Teachers } from "../lib/distiller.ts";
import type { Engine, Values } from "../lib/engine.ts";
import type { Input, Inputs } from "../lib/input.ts";
import { build, type Net, type Player } from "../lib/network.ts";
import type { Optimizer } from "../lib/optimizer.ts";
import { type TrainInput, type TrainParts, trainStep, type TrainValues } from "../lib/step.ts";
import { classification } from "../lib/tasks/classification.ts";
import { type Shape, type Variable, variables } from "../lib/variables.ts";

/** What a cast is made of. */
export interface CastOptions<S extends Net, T extends Teachers> {
  /** The network that learns; its variables are named `student.…`. */
  readonly student: S;
  /** What teaches; `teacher.…`, of several `teacher1.…` and so on. */
  readonly teacher: T;
  /** The method, which may need no teacher; what it makes is named `method.…`. */
  readonly distiller: Distiller<S, T, never> | Distiller<S, undefined, never>;
  /** An image's shape. */
  readonly image: Shape;
  /** Number of classes. */
  readonly classes: number;
  /** The class of each training image; by default there is one of each. */
  readonly labels?: Int32Array;
  /** Values to start with, by name. */
  readonly values: ReadonlyMap<string, Float32Array>;
}

/** Everything of a training step but its optimiser, without augmentation and with pixels as they are. */
export interface Cast extends Omit<TrainParts, "optimizer"> {
  /** Every variable, by name. */
  readonly collected: ReadonlyMap<string, Variable>;
}

/** Makes student, teacher and method. */
export function cast<S extends Net, const T extends Teachers>(options: CastOptions<S, T>): Cast {
  const { image, classes, labels = Int32Array.from({ length: options.classes }, (_, i) => i), values } = options;
  const collected = new Map<string, Variable>();
  const scope = (prefix: string, fixed = false) => variables({ seed: 1, collected, prefix, fixed, values });
  const student: Player = build(options.student as Net, scope("student."), image, classes);
  const teach = (recipe: Net, name: string) => build(recipe, scope(`${name}.`, true), image, classes);
  const teacher = isSeveral(options.teacher)
    ? options.teacher.map((recipe, i) => teach(recipe, `teacher${i + 1}`))
    : options.teacher && teach(options.teacher as Net, "teacher");
  const loss: Loss<Net, Teachers> = (options.distiller as unknown as Distiller<Net, Teachers>).build({
    create: creator(scope("method."), image, classes),
    student,
    teacher,
    dataset: { size: labels.length, classes, labels },
  });
  const untouched = new Set((options.distiller as unknown as Distiller<Net, Teachers>).untouched?.(student));
  const identity = { mean: image.slice(-1).flatMap(zeros), std: image.slice(-1).flatMap(zeros).map(() => 1 / 255) };
  return {
    task: classification,
    student,
    teacher,
    loss,
    trainable: [...collected.values()].filter((variable) => variable.trainable && !untouched.has(variable)),
    untouched,
    augmentation: { crop: 0, flip: false },
    normalisation: identity,
    seed: 1,
    collected,
  };
}

function isSeveral(teacher: Teachers): teacher is readonly Net[] {
  return Array.isArray(teacher);
}

const zeros = (length: number): number[] => new Array(length).fill(0);

/** The inputs of a step beside images and labels. */
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
    rate: scalar(rate),
    epoch: scalar(epoch),
    step: { shape: [], data: Int32Array.of(step) },
  };
}

/** An optimiser that puts each gradient in its variable's place, where it can be read. */
const inPlace: Optimizer = {
  update: (variable, [gradient]) => ({ kind: "assign", variable, value: gradient! }),
};

/** What the first step computes. */
export interface FirstStep {
  /** The step's values. */
  readonly values: Values<TrainValues>;
  /** The gradient of a variable that learns; the next value of a statistic or memory. */
  after(variable: string): Float32Array;
}

/**
 * A step whose gradients are looked at instead of followed: each call starts from the initial values, or those given by
 * name.
 */
export function firstStep(
  engine: Engine,
  made: Cast,
): (
  image: Input,
  label: Int32Array,
  values?: ReadonlyMap<string, Float32Array>,
  index?: Int32Array,
) => Promise<FirstStep> {
  const held = [...made.collected.values()], changing = held.filter((variable) => !variable.fixed);
  const step = engine.compile(trainStep({ ...made, optimizer: inPlace }));
  return async (image, label, start, index) => {
    await engine.hold(held, start);
    const values = await step(stepInputs(image, label, 1, 0, 1, index));
    const read = await engine.read(changing), after = new Map(changing.map(({ name }, i) => [name, read[i]]));
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
