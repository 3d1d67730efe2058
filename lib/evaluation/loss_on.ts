import { openEngine } from "../engine/open_engine.ts";
import { type Distiller, erase, type Teachers } from "../experiment/distiller.ts";
import type { Optimizer } from "../experiment/optimizer.ts";
import type { Schedule } from "../experiment/schedule.ts";
import { checkScores, type Net } from "../nn/network.ts";
import { type Shape, sizeOf, type Variable } from "../nn/variables.ts";
import { classification } from "../tasks/classification.ts";
import { assemble, buildTeacher } from "../training/assemble.ts";
import { trainStep } from "../training/step.ts";
import { Failure } from "../values/failure.ts";
import {
  givenName,
  givenNetwork,
  type GivenNumbers,
  type GivenTaps,
  isGiven,
  type ReadNumbers,
  readNumbers,
} from "./given_network.ts";

/** The outputs of each teacher: none, one, or several in order. */
export type GivenTeachers<T extends Teachers> = T extends Net ? GivenTaps<T>
  : T extends readonly Net[] ? {
      readonly [K in keyof T]: T[K] extends Net ? GivenTaps<T[K]> : never;
    }
  : undefined;

/** The inputs of a loss without teachers, as arrays. */
export interface StudentInputs<S extends Net> {
  /** The student's outputs. */
  readonly student: GivenTaps<S>;
  /** The class of each image. */
  readonly label: readonly number[];
  /** Number of classes. Default: the number of the student's logits, or else the first teacher's. */
  readonly classes?: number;
  /**
   * The images as the networks see them, [batch, height, width, channels], for a method that
   * looks at them. Default: one black pixel each.
   */
  readonly image?: readonly GivenNumbers[];
  /** The current epoch, in a run of one step an epoch. Default: 1. */
  readonly epoch?: number;
  /** Number of epochs of the run. Default: the current one. */
  readonly epochs?: number;
  /** The seed of initial values and random numbers. Default: 1. */
  readonly seed?: number;
  /**
   * Values of variables, by name: the method's own, `distiller.temperature`, and those of taps
   * that are stages, `student.logits.weight`, `teacher1.logits.weight`. Default: their initial
   * ones.
   */
  readonly values?: { readonly [variable: string]: GivenNumbers };
  /** The engine, as in `--backend`. Default: `cpu`, which needs no TensorFlow. */
  readonly backend?: "cpu" | "tensorflow";
}

/** The inputs of a loss, as arrays. */
export type LossInputs<S extends Net, T extends Teachers> =
  & StudentInputs<S>
  & (T extends undefined ? { readonly teacher?: undefined } : {
    /** The teacher's outputs, or those of each teacher. */
    readonly teacher: GivenTeachers<T>;
  });

/** The values of a loss. */
export interface LossValues {
  /** The sum of the terms. */
  readonly loss: number;
  /** Each term: its weight times its mean over the batch. */
  readonly terms: { readonly [name: string]: number };
  /** The mean of each report. */
  readonly reports: { readonly [name: string]: number };
  /**
   * The gradient of the loss at each of the student's taps of numbers that it reaches,
   * `student.logits`, and at variables, `distiller.temperature`.
   */
  readonly gradients: { readonly [name: string]: Float32Array };
}

/**
 * Computes a method's loss and its gradients on given outputs, as a training step does, so that a
 * method can be held to numbers that were computed elsewhere. The networks are the given numbers,
 * whatever the images. A method that runs stages of one on other features, such as the teacher's
 * head on the student's, needs these taps as stages: `logits: stage(dense(10))`. Rejects with a
 * `Failure` (exit 2) if the method or its inputs are not valid.
 *
 * @example
 * ```ts
 * import { kd, lossOn } from "@retort/retort";
 *
 * const { terms, gradients } = await lossOn(kd({ temperature: 2 }), {
 *   student: { logits: [[1, 2, 0.5]] },
 *   teacher: { logits: [[0, 3, 1]] },
 *   label: [1],
 * });
 * console.log(terms.kd, gradients["student.logits"]);
 * ```
 */
export async function lossOn<S extends Net, T extends Teachers, D, E extends string>(
  method: Distiller<S, T, D, E>,
  inputs: LossInputs<S, T>,
): Promise<LossValues> {
  return await lossOfErased(erase(method), inputs as LossInputs<Net, Teachers>);
}

/** The taps of a network, whatever their names. */
type Taps = GivenTaps<Net>;

async function lossOfErased(
  distiller: Distiller<Net, Teachers>,
  inputs: LossInputs<Net, Teachers>,
): Promise<LossValues> {
  const { student, label, epoch = 1, epochs = epoch, seed = 1, backend = "cpu" } = inputs;
  const teacher: undefined | Taps | readonly Taps[] = inputs.teacher;
  const several = isSeveral(teacher);
  const given = several ? teacher : teacher ? [teacher] : [];
  const batch = label.length;
  const classes = inputs.classes ?? classesOf([student, ...given]);
  const labels = readLabels(label, classes);
  const image = readImages(inputs.image, batch);
  const sizes = { seed, image: image.shape.slice(1), classes };
  const numbers = Object.entries(inputs.values ?? {})
    .map(([name, given]) => [name, readNumbers(name, given)] as const);
  const values = new Map(numbers.map(([name, { data }]) => [name, data]));
  const teachers = given.map((taps, i) =>
    buildTeacher(givenNetwork(taps, batch), i, sizes, valuesBelow(`teacher${i + 1}.`, values))
  );
  const { student: learner, parts, variables } = assemble(
    {
      student: givenNetwork(student, batch),
      teachers: [],
      several,
      distiller,
      dataset: datasetOf(image.shape.at(-1)!),
    },
    {
      ...sizes,
      train: { size: batch, labels },
      teachers: teachers.map(({ model }) => model),
      schedule: { ...schedule, epochs, batch },
      values,
    },
  );
  for (const model of [learner, ...teachers.map(({ model }) => model)]) checkScores(model);
  const all = [...variables.values(), ...teachers.flatMap(({ variables }) => variables)];
  checkValues(numbers, all);
  const { engine } = await openEngine({ backend });
  try {
    await engine.hold(all);
    const reached: Variable[] = [];
    const step = engine.compile(trainStep([{ ...parts, optimizer: gradientsInPlace(reached) }]));
    const scalar = (data: Float32Array | Int32Array) => ({ shape: [], data });
    const { 0: { loss, terms, reports } } = await step({
      image,
      index: { shape: [batch], data: Int32Array.from(label.keys()) },
      label: { shape: [batch], data: labels },
      rate: { shape: [1], data: Float32Array.of(1) },
      epoch: scalar(Float32Array.of(epoch)),
      step: scalar(Int32Array.of(epoch - 1)),
    });
    const read = await engine.read(reached);
    return {
      loss: loss[0],
      terms: firsts(terms),
      reports: firsts(reports),
      gradients: Object.fromEntries(reached.map(({ name }, i) => [givenName(name), read[i]])),
    };
  } finally {
    engine.close();
  }
}

/** A data set whose images, of so many channels, the networks see as they are. */
const datasetOf = (channels: number) => ({
  task: classification,
  augmentation: { crop: 0, flip: false },
  normalisation: {
    mean: new Array<number>(channels).fill(0),
    std: new Array<number>(channels).fill(1 / 255),
  },
});

/** A schedule that changes nothing. */
const schedule: Schedule = {
  id: "none",
  options: {},
  epochs: 1,
  batch: 1,
  rate: () => 1,
  optimizer: () => gradientsInPlace([]),
  over: () => schedule,
};

/**
 * An optimiser that assigns each gradient to its variable, where it can be read. Appends these
 * variables to `reached`.
 */
function gradientsInPlace(reached: Variable[]): Optimizer {
  return {
    update: (gradients) =>
      Array.from(gradients, ([variable, [value]]) => {
        reached.push(variable);
        return { kind: "assign", variable, value: value! };
      }),
  };
}

function firsts(values: { readonly [name: string]: Float32Array }): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, [value]]) => [name, value]));
}

function isSeveral(teacher: undefined | Taps | readonly Taps[]): teacher is readonly Taps[] {
  return Array.isArray(teacher);
}

/** The width of the first logits that are numbers. */
function classesOf(networks: readonly Taps[]): number {
  for (const { logits } of networks) {
    if (logits && typeof logits !== "function") return readNumbers("logits", logits).shape[1] ?? 1;
  }
  throw new Failure(2, "no logits are given as numbers: give the number of classes, as classes");
}

function readLabels(label: readonly number[], classes: number): Int32Array {
  const wrong = label.find((one) => !(Number.isInteger(one) && one >= 0 && one < classes));
  if (wrong === undefined && label.length > 0) return Int32Array.from(label);
  const what = wrong === undefined ? "there is no label" : `the label ${wrong} is no class`;
  throw new Failure(2, `${what}: give each image one of 0 to ${classes - 1}`);
}

/** The images, [batch, height, width, channels]. */
function readImages(images: LossInputs<Net, Teachers>["image"], batch: number) {
  if (!images) return { shape: [batch, 1, 1, 1], data: new Float32Array(batch) };
  const { shape, data } = readNumbers("image", images);
  if (shape.length === 4 && shape[0] === batch) return { shape, data };
  throw new Failure(2, `image is [${shape}] in place of [${batch}, height, width, channels]`);
}

type Values = ReadonlyMap<string, Float32Array>;

/** Those whose names begin with `prefix`, by the rest of their names. */
function valuesBelow(prefix: string, values: Values): Values {
  return new Map(
    Array.from(values)
      .flatMap(([name, data]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), data] as const] : []
      ),
  );
}

/**
 * Throws a `Failure` (exit 2) if numbers have no variable, or another shape. One row of numbers
 * fits every shape of that size, and sides of length 1 do not count.
 */
function checkValues(
  given: readonly (readonly [name: string, numbers: ReadNumbers])[],
  variables: readonly Variable[],
): void {
  const known = new Map(
    variables.flatMap(({ name, shape }) => isGiven(name) ? [] : [[name, shape] as const]),
  );
  for (const [name, { shape, data: { length } }] of given) {
    const needed = known.get(name);
    if (!needed) {
      const others = known.size > 0 ? `there are ${[...known.keys()].join(", ")}` : "there is none";
      throw new Failure(2, `no variable is named ${name}: ${others}`);
    }
    const sides = (shape: Shape) => String(shape.filter((side) => side !== 1));
    const fits = shape.length > 1 ? sides(shape) === sides(needed) : length === sizeOf(needed);
    if (!fits) throw new Failure(2, `${name} has the shape [${needed}], not [${shape}]`);
  }
}
