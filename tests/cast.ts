/** A student, a teacher and a method ready for `trainStep`, and what one step of them computes. */
import { creator } from "../lib/create.ts";
import type { Distiller, Loss, Teachers } from "../lib/distiller.ts";
import type { Engine, Input } from "../lib/engine.ts";
import { build, type Net, type Player } from "../lib/network.ts";
import type { Optimizer } from "../lib/optimizer.ts";
import { type TrainInput, type TrainParts, trainStep } from "../lib/step.ts";
import { type Shape, type Variable, variables } from "../lib/variables.ts";

/** What a cast is made of. */
export interface CastOptions<S extends Net, T extends Net | undefined> {
  /** The network that learns; its variables are named `student.…`. */
  readonly student: S;
  /** The network that teaches; `teacher.…`. */
  readonly teacher: T;
  /** The method, which may need no teacher; what it makes is named `method.…`. */
  readonly distiller: Distiller<S, T> | Distiller<S>;
  /** An image's shape. */
  readonly image: Shape;
  /** Number of classes. */
  readonly classes: number;
  /** Values to start with, by name. */
  readonly values: ReadonlyMap<string, Float32Array>;
}

/** Everything of a training step but its optimiser, without augmentation and with pixels as they are. */
export interface Cast extends Omit<TrainParts, "optimizer"> {
  /** Every variable, by name. */
  readonly collected: ReadonlyMap<string, Variable>;
}

/** Makes student, teacher and method. */
export function cast<S extends Net, T extends Net | undefined>(options: CastOptions<S, T>): Cast {
  const { image, classes, values } = options, collected = new Map<string, Variable>();
  const scope = (prefix: string, fixed = false) => variables({ seed: 1, collected, prefix, fixed, values });
  const student: Player = build(options.student as Net, scope("student."), image, classes);
  const teacher: Player | undefined = options.teacher &&
    build(options.teacher as Net, scope("teacher.", true), image, classes);
  const loss: Loss<Net, Teachers> = (options.distiller as unknown as Distiller<Net, Teachers>).build({
    create: creator(scope("method."), image, classes),
    student,
    teacher: teacher as Player,
    dataset: { size: 0, classes, labels: new Int32Array() },
  });
  const identity = { mean: image.slice(-1).flatMap(zeros), std: image.slice(-1).flatMap(zeros).map(() => 1 / 255) };
  return {
    student,
    teacher,
    loss,
    trainable: [...collected.values()].filter((variable) => variable.trainable),
    augmentation: { crop: 0, flip: false },
    normalisation: identity,
    seed: 1,
    collected,
  };
}

const zeros = (length: number): number[] => new Array(length).fill(0);

/** The inputs of a step beside images and labels. */
export function stepInputs(image: Input, label: Input["data"], rate: number, step: number): Record<TrainInput, Input> {
  const scalar = (value: number): Input => ({ shape: [], data: Float32Array.of(value) });
  return {
    image,
    label: { shape: [label.length], data: label },
    index: { shape: [label.length], data: new Int32Array(label.length) },
    rate: scalar(rate),
    epoch: scalar(1),
    step: { shape: [], data: Int32Array.of(step) },
  };
}

/** An optimiser that puts each gradient in its variable's place, where it can be read. */
const inPlace: Optimizer = (variable, gradient) => ({ kind: "assign", variable, value: gradient });

/** What the first step computes. */
export interface FirstStep {
  /** The step's values: `loss`, `loss/<term>`. */
  readonly values: Readonly<Record<string, Float32Array>>;
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
): (image: Input, label: Int32Array, values?: ReadonlyMap<string, Float32Array>) => Promise<FirstStep> {
  const held = [...made.collected.values()], changing = held.filter((variable) => !variable.fixed);
  const step = engine.compile(trainStep({ ...made, optimizer: inPlace }));
  return async (image, label, start) => {
    await engine.hold(held, start);
    const values = await step(stepInputs(image, label, 1, 0));
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
