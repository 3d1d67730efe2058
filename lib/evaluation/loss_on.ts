import { openEngine } from "../engine/open_engine.ts";
import { type Distiller, erase, type Teachers } from "../experiment/distiller.ts";
import type { Optimizer } from "../experiment/optimizer.ts";
import type { Schedule } from "../experiment/schedule.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Net, Tap } from "../nn/network.ts";
import type { Pass } from "../nn/pass.ts";
import type { StageModule } from "../nn/stage.ts";
import { type Shape, sizeOf, type Variable, type Variables } from "../nn/variables.ts";
import { classification } from "../tasks/classification.ts";
import { assemble, buildTeacher } from "../training/assemble.ts";
import { trainStep } from "../training/step.ts";
import { Failure } from "../values/failure.ts";

/** GivenNumbers of any shape, as nested arrays. */
export type GivenNumbers = number | readonly GivenNumbers[];

/** The outputs of a network at its taps, the batch first: [batch, …]. */
export type GivenTaps<N extends Net> = { readonly [K in Tap<N>]: readonly GivenNumbers[] };

/** The outputs of each teacher: none, one, or several in order. */
export type GivenTeachers<T extends Teachers> = T extends Net ? GivenTaps<T>
  : T extends readonly Net[] ? {
      readonly [K in keyof T]: T[K] extends Net ? GivenTaps<T[K]> : never;
    }
  : undefined;

/** The inputs of a loss, as arrays. */
export type LossInputs<S extends Net, T extends Teachers> =
  & {
    /** The student's outputs. */
    readonly student: GivenTaps<S>;
    /** The class of each image. */
    readonly label: readonly number[];
    /** The current epoch. Default: 1. */
    readonly epoch?: number;
    /** Number of epochs of the run. Default: the current one. */
    readonly epochs?: number;
    /** The seed of initial values and random numbers. Default: 1. */
    readonly seed?: number;
    /**
     * Values of the method's own variables, by name: `distiller.temperature`. Default: their
     * initial ones.
     */
    readonly values?: { readonly [variable: string]: readonly number[] };
    /** What computes, as in `--backend`. Default: `cpu`, which needs no TensorFlow. */
    readonly backend?: "cpu" | "tensorflow";
  }
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
   * The gradient of the loss at each of the student's taps that it reaches, `student.logits`, and
   * at the method's own variables, `distiller.temperature`.
   */
  readonly gradients: { readonly [name: string]: Float32Array };
}

/**
 * Computes a method's loss and its gradients on given outputs, as a training step does, so that a
 * method can be held to numbers that were computed elsewhere. The networks are the given numbers: a
 * method that runs one, or stages of one, gets the same numbers. Rejects with a `Failure` (exit 2)
 * if the method or its inputs are not valid.
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

/** The outputs of a network, whatever its taps. */
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
  const [classes] = readNumbers("logits", student.logits ?? [[0, 0]]).shape.slice(1);
  const sizes = { seed, image: [1, 1, 1], classes };
  const teachers = given.map((taps, i) => buildTeacher(network(taps, batch), i, sizes, undefined));
  const values = Object.entries(inputs.values ?? {}).map(([name, numbers]) =>
    [name, Float32Array.from(numbers)] as const
  );
  const labels = Int32Array.from(label);
  const { parts, variables } = assemble(
    { student: network(student, batch), teachers: [], several, distiller, dataset },
    {
      ...sizes,
      train: { size: batch, labels },
      teachers: teachers.map(({ model }) => model),
      schedule: { ...schedule, epochs, batch },
      values: new Map(values),
    },
  );
  checkNames([...variables.keys()], values.map(([name]) => name));
  const { engine } = await openEngine({ backend });
  try {
    await engine.hold([...variables.values(), ...teachers.flatMap(({ variables }) => variables)]);
    const reached: Variable[] = [];
    const step = engine.compile(trainStep([{ ...parts, optimizer: gradientsInPlace(reached) }]));
    const scalar = (data: Float32Array | Int32Array) => ({ shape: [], data });
    const { 0: { loss, terms, reports } } = await step({
      image: { shape: [batch, 1, 1, 1], data: new Float32Array(batch) },
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
      gradients: Object.fromEntries(
        reached.map(({ name }, i) => [name.replace(/^(student\..+)\.given$/, "$1"), read[i]]),
      ),
    };
  } finally {
    engine.close();
  }
}

const dataset = {
  task: classification,
  augmentation: { crop: 0, flip: false },
  normalisation: { mean: [0], std: [1] },
};

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

/** A network whose taps are these numbers, whatever its images. */
function network(taps: Taps, batch: number): Net {
  const stages = Object.entries(taps).map(([tap, numbers]) => {
    const { shape, data } = readNumbers(tap, numbers);
    if (shape[0] !== batch) {
      throw new Failure(2, `${tap} has ${shape[0]} samples, but there are ${batch} labels`);
    }
    const stage = (create: Variables): StageModule => {
      const value = create.variable("given", shape, () => data);
      const run = (_: Tensor, pass: Pass) => ({ out: pass.read(value), pre: pass.read(value) });
      return Object.assign(run, { shape: shape.slice(1), multiplyAdds: 0 });
    };
    return [tap, stage] as const;
  });
  return { id: "given", options: {}, stages: () => Object.fromEntries(stages) };
}

/** GivenNumbers in row-major order, with their shape. */
function readNumbers(
  tap: string,
  numbers: readonly GivenNumbers[],
): { shape: Shape; data: Float32Array } {
  const shape = shapeOf(numbers);
  const data = Float32Array.from(flatten(numbers));
  if (data.length !== sizeOf(shape)) {
    throw new Failure(2, `the rows of ${tap} differ in length`);
  }
  return { shape, data };
}

function shapeOf(numbers: GivenNumbers): number[] {
  return typeof numbers === "number" ? [] : [numbers.length, ...shapeOf(numbers[0])];
}

function flatten(numbers: GivenNumbers): readonly number[] {
  return typeof numbers === "number" ? [numbers] : numbers.flatMap(flatten);
}

function checkNames(known: readonly string[], given: readonly string[]): void {
  const own = known.filter((name) => name.startsWith("distiller."));
  const unknown = given.find((name) => !own.includes(name));
  if (unknown === undefined) return;
  const names = own.length > 0 ? `it has ${own.join(", ")}` : "it has none";
  throw new Failure(2, `the method has no variable ${unknown}: ${names}`);
}
