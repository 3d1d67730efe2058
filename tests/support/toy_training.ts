/** Training of a toy with any method on any engine. */
import { alone } from "./alone.ts";
import type { Augmentation, Mix } from "../../lib/data/dataset.ts";
import type { Distiller, Teachers } from "../../lib/experiment/distiller.ts";
import type { CompiledStep, Engine, StepFunction, Values } from "../../lib/engine/engine.ts";
import type { Model } from "../../lib/nn/network.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import type { Schedule } from "../../lib/experiment/schedule.ts";
import {
  gradNormStep,
  type GradNormValues,
  type TrainInput,
  trainStep,
  type TrainValues,
} from "../../lib/training/step.ts";
import { classification } from "../../lib/tasks/classification.ts";
import type { Task } from "../../lib/tasks/task.ts";
import type { Variable } from "../../lib/nn/variables.ts";
import { assembleUntrained } from "./assemble_untrained.ts";
import { BATCH, batch, CLASSES, IMAGE, inputs, large, small, type Toy } from "./toy.ts";

/** The options of a toy training. */
export interface Options<T extends Teachers, S extends Toy = Toy> {
  /** The teachers. `undefined` means no teacher. Default: `large`. */
  readonly teacher?: T;
  /** Default: `small`. */
  readonly student?: S;
  /** Default: SGD with momentum 0.9 and no weight decay. */
  readonly schedule?: Schedule;
  /** Default: a crop and flips. */
  readonly augmentation?: Augmentation;
  /** Default: classification. */
  readonly task?: Task;
  /** The mix of the images. Default: none. */
  readonly mix?: Mix;
  /** Further views of the images. Default: none. */
  readonly views?: { readonly [name: string]: Augmentation };
  /** Seed of the initial values and of the steps. Default: 1. */
  readonly seed?: number;
}

/** A toy training. */
export interface Training {
  readonly engine: Engine;
  readonly student: Model<Toy>;
  /** Every variable by name: `student.`, `teacher1.`, `distiller.`, `velocity.`. */
  readonly collected: ReadonlyMap<string, Variable>;
  /** The student's variables that the method does not train. */
  readonly frozenVariables: ReadonlySet<Variable>;
  /** Runs a step on these inputs. */
  readonly run: CompiledStep<TrainInput, TrainValues>;
  /** Computes the norm of each term's gradient at the student in such a step. */
  readonly gradNorms: CompiledStep<TrainInput, GradNormValues>;
  /** Runs the next step on the next batch. */
  step(rate?: number): Promise<Values<TrainValues>>;
  /** The function that the step compiles. */
  readonly traced: StepFunction<TrainInput, TrainValues>;
  /** Reads the variables whose names begin with `prefix`, in order. */
  read(prefix: string): Promise<Map<string, Float32Array>>;
}

const plain = sgd({ epochs: 1, batch: 4, lr: 0.1, weightDecay: 0 });

/** Assembles networks and a method, gives the engine their variables and compiles the step. */
export async function training<T extends Teachers, S extends Toy = Toy>(
  engine: Engine,
  distiller: Distiller<S, T, never>,
  options: Options<T, S> = {},
): Promise<Training> {
  const {
    mix,
    views,
    student: recipe = small,
    schedule = plain,
    augmentation = { crop: 1, flip: true },
    seed = 1,
  } = options;
  const { task = classification } = options;
  const teacher: Teachers = "teacher" in options ? options.teacher : large;
  const labels = Int32Array.from(
    Array.from({ length: 100 / BATCH }, (_, i) => [...batch(i).label.data]).flat(),
  );
  const normalisation = { mean: [0.5, 0.4, 0.3], std: [0.3, 0.2, 0.25] };
  const { student, parts, variables } = assembleUntrained(
    {
      student: recipe,
      teacher,
      distiller,
      dataset: { task, augmentation, normalisation, mix, views },
    },
    { seed, image: IMAGE, classes: CLASSES, train: { size: 100, labels }, schedule },
  );
  await engine.hold([...variables.values()]);
  const traced = alone(trainStep([parts]));
  const run = engine.compile(traced);
  const gradNorms = engine.compile(alone(gradNormStep([parts])));
  let step = 0;
  return {
    engine,
    student: student as Model<Toy>,
    collected: variables,
    frozenVariables: parts.frozenVariables ?? new Set(),
    run,
    traced,
    gradNorms,
    step: (rate = 0.1) => run(inputs(step++, rate)),
    async read(prefix) {
      const chosen = [...variables.values()].filter(({ name }) => name.startsWith(prefix));
      const values = await engine.read(chosen);
      return new Map(chosen.map(({ name }, i) => [name, values[i]]));
    },
  };
}

/** Concatenates the values of a map. */
export function flat(values: ReadonlyMap<string, Float32Array>): Float32Array {
  return Float32Array.from([...values.values()].flatMap((array) => [...array]));
}
