/** The training of a toy by any method on any engine. */
import { creator } from "../lib/create.ts";
import type { Augmentation, Mix } from "../lib/dataset.ts";
import type { Distiller, Loss, Teachers } from "../lib/distiller.ts";
import type { Engine, Runnable, Traced, Values } from "../lib/engine.ts";
import { build, type Net, type Player } from "../lib/network.ts";
import { optimizer } from "../lib/optimizer.ts";
import { type Schedule, sgd } from "../lib/schedule.ts";
import { gradNormStep, type GradNormValues, type TrainInput, trainStep, type TrainValues } from "../lib/step.ts";
import { classification } from "../lib/tasks/classification.ts";
import type { Task } from "../lib/tasks/task.ts";
import { type Variable, variables } from "../lib/variables.ts";
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
  readonly student: Player<Toy>;
  /** Every variable by name: `student.`, `teacher1.`, `distiller.`, `velocity.`. */
  readonly collected: ReadonlyMap<string, Variable>;
  /** The student's variables that the method leaves as they are. */
  readonly untouched: ReadonlySet<Variable>;
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

/** Builds networks and method, hands their variables to the engine and compiles the step. */
export async function training<T extends Teachers>(
  engine: Engine,
  distiller: Distiller<Toy, T, never>,
  options: Options<T> = {},
): Promise<Training> {
  const { mix, views, student: recipe = small, schedule = plain, augmentation = { crop: 1, flip: true }, seed = 1 } =
    options;
  const { task = classification } = options;
  const given: Teachers = "teacher" in options ? options.teacher : large;
  const recipes: readonly Net[] = given === undefined ? [] : isSeveral(given) ? given : [given];
  const collected = new Map<string, Variable>(), scope = variables({ seed, collected });
  const student = build(recipe, scope.in("student"), IMAGE, CLASSES);
  const teachers = recipes.map((recipe, i) =>
    build(recipe, variables({ seed, collected, prefix: `teacher${i + 1}.`, fixed: true }), IMAGE, CLASSES)
  );
  const teacher = given !== undefined && isSeveral(given) ? teachers : teachers[0];
  const create = creator(scope.in("distiller"), IMAGE, CLASSES);
  const labels = Int32Array.from(Array.from({ length: 100 / BATCH }, (_, i) => [...batch(i).label.data]).flat());
  const loss = (distiller as unknown as Distiller<Net, Teachers>)
    .build({ create, student, teacher, dataset: { size: 100, classes: CLASSES, labels } }) as Loss<Net, Teachers>;
  const untouched = new Set(distiller.untouched?.(student));
  const trainable = [...collected.values()]
    .filter((variable) => variable.trainable && !variable.fixed && !untouched.has(variable));
  const update = optimizer(schedule, trainable, scope.in("velocity"));
  const normalisation = { mean: [0.5, 0.4, 0.3], std: [0.3, 0.2, 0.25] };
  await engine.hold([...collected.values()]);
  const parts = {
    task,
    student,
    teacher,
    loss,
    optimizer: update,
    trainable,
    untouched,
    augmentation,
    normalisation,
    mix,
    views,
    seed,
  };
  const traced = trainStep(parts), run = engine.compile(traced), gradNorms = engine.compile(gradNormStep(parts));
  let step = 0;
  return {
    engine,
    student,
    collected,
    untouched,
    run,
    traced,
    gradNorms,
    step: (rate = 0.1) => run(inputs(step++, rate)),
    async read(prefix) {
      const chosen = [...collected.values()].filter(({ name }) => name.startsWith(prefix));
      const values = await engine.read(chosen);
      return new Map(chosen.map(({ name }, i) => [name, values[i]]));
    },
  };
}

function isSeveral(teacher: NonNullable<Teachers>): teacher is readonly Net[] {
  return Array.isArray(teacher);
}

/** The values of a map, one after the other. */
export function flat(values: ReadonlyMap<string, Float32Array>): Float32Array {
  return Float32Array.from([...values.values()].flatMap((array) => [...array]));
}
