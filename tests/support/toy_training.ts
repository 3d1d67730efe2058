/** The training of a toy by any method on any engine. */
import type { Augmentation, Mix } from "../../lib/data/dataset.ts";
import type { Distiller, Teachers } from "../../lib/experiment/distiller.ts";
import type { Engine, Runnable, Traced, Values } from "../../lib/engine/engine.ts";
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
import { assembled } from "./assembled.ts";
import { BATCH, batch, CLASSES, IMAGE, inputs, large, small, type Toy } from "./toy.ts";

/** What a toy training can be asked for. */
export interface Options<T extends Teachers> {
  /** What teaches; `large` by default, undefined: nobody. */
  readonly teacher?: T;
  /** What learns; `small` by default. */
  readonly student?: Toy;
  /** Momentum 0.9 and no weight decay by default. */
  readonly schedule?: Schedule;
  /** A crop and flips by default. */
  readonly augmentation?: Augmentation;
  /** What is learned; classification by default. */
  readonly task?: Task;
  /** How images are mixed; not at all by default. */
  readonly mix?: Mix;
  /** Further views of the images; none by default. */
  readonly views?: { readonly [name: string]: Augmentation };
  /** Seed of the initial values and of the steps. */
  readonly seed?: number;
}

/** A toy training. */
export interface Training {
  /** Where it runs. */
  readonly engine: Engine;
  /** What learns. */
  readonly student: Model<Toy>;
  /** Every variable by name: `student.`, `teacher1.`, `distiller.`, `velocity.`. */
  readonly collected: ReadonlyMap<string, Variable>;
  /** The student's variables that the method leaves as they are. */
  readonly frozenVariables: ReadonlySet<Variable>;
  /** One step as it is. */
  readonly run: Runnable<TrainInput, TrainValues>;
  /** How strongly each term pulls at the student in such a step. */
  readonly gradNorms: Runnable<TrainInput, GradNormValues>;
  /** The next step, on the next batch. */
  step(rate?: number): Promise<Values<TrainValues>>;
  /** The step as it is traced. */
  readonly traced: Traced<TrainInput, TrainValues>;
  /** The values of the variables whose names begin like this, one after the other. */
  read(prefix: string): Promise<Map<string, Float32Array>>;
}

const plain = sgd({ epochs: 1, batch: 4, lr: 0.1, weightDecay: 0 });

/** Assembles networks and method, hands their variables to the engine and compiles the step. */
export async function training<T extends Teachers>(
  engine: Engine,
  distiller: Distiller<Toy, T, never>,
  options: Options<T> = {},
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
  const { student, parts, variables } = assembled(
    {
      student: recipe,
      teacher,
      distiller,
      dataset: { task, augmentation, normalisation, mix, views },
    },
    { seed, image: IMAGE, classes: CLASSES, train: { size: 100, labels }, schedule },
  );
  await engine.hold([...variables.values()]);
  const traced = trainStep(parts);
  const run = engine.compile(traced);
  const gradNorms = engine.compile(gradNormStep(parts));
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

/** The values of a map, one after the other. */
export function flat(values: ReadonlyMap<string, Float32Array>): Float32Array {
  return Float32Array.from([...values.values()].flatMap((array) => [...array]));
}
