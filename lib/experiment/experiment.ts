import type { Dataset, Mix } from "../data/dataset.ts";
import type { Layer } from "../nn/layer.ts";
import type { Net, Tap } from "../nn/network.ts";
import { Failure } from "../values/failure.ts";
import { atMost, checkRange, whole } from "../values/range.ts";
import {
  type DataOf,
  type Distiller,
  erase,
  type Teachers,
  type TrainedModule,
} from "./distiller.ts";
import { checkSchedule, type Schedule } from "./schedule.ts";
import type { ExternalWeights } from "./weights.ts";

/** The epoch after which a run's weights are taken: the last one, the best one, or its number. */
export type Epoch = "last" | "best" | number;

/** The trained student of an experiment, as a teacher or as the start of another student. */
export interface Trained<N extends Net = Net, E extends string = never> {
  /** Distinguishes it from weights that were trained elsewhere, and from a network. */
  readonly kind: "trained";
  /** The experiment that trains it. */
  readonly experiment: Experiment<N, E>;
  /** The seed of the trial. */
  readonly seed: number;
  /** The epoch after which its weights are taken. */
  readonly epoch: Epoch;
  /** Whether its weights are the moving average of the student's. Default: the student's own. */
  readonly average?: true;
  /** The modules that the experiment's method trained for other methods, by name. */
  readonly trainedModules: { readonly [K in E]: ExperimentModule };
}

/** A module that an experiment's method trained, e.g. `from(x).trainedModules.paraphraser`. */
export interface ExperimentModule extends TrainedModule {
  /** The experiment whose method trained it. */
  readonly trained: Trained;
}

/** A teacher: the student of another experiment, or weights that were trained elsewhere. */
export type Teacher<N extends Net = Net> = Trained<N> | ExternalWeights<N>;

/** A network whose body starts with the weights of another network. */
export interface Started<N extends Net = Net> {
  /** Distinguishes it from a network and from trained weights. */
  readonly kind: "started";
  readonly network: N;
  /** The weights of the other network, which has the body's stages under the same names. */
  readonly body: Teacher;
}

/** The teachers of an experiment: none, one, or several in order. */
export type TeacherPart = undefined | Teacher | readonly Teacher[];

/** The type of a teacher's network, as it was declared. */
export type NetworkOf<G> = G extends Trained<infer N> ? N
  : G extends ExternalWeights<infer N> ? N
  : never;

/** The types of the networks of all teachers. */
export type NetworksOf<G extends TeacherPart> = G extends Teacher ? NetworkOf<G>
  : G extends readonly Teacher[] ? { readonly [K in keyof G]: NetworkOf<G[K]> }
  : undefined;

/** The parts of an experiment. */
export interface Parts<
  S extends Net,
  G extends TeacherPart,
  M extends Mix | undefined = undefined,
  V extends string = never,
  E extends string = never,
> {
  /** The data set to train on and to report on. The student has to fit its task. */
  readonly dataset: Dataset<M, V, NoInfer<S>>;
  /**
   * The network that learns. With `from(x)` it is the network of the experiment `x` and starts with
   * the weights that `x` trained. With `startBody(network, from(x))` the stages that `network`
   * shares with that network start with those weights.
   */
  readonly student: S | Trained<S> | Started<S>;
  /** The teacher or teachers. Default: none. */
  readonly teacher?: G;
  /** The method. Its type states what it needs of student, teacher and data set. */
  readonly distiller: Distiller<NoInfer<S>, NetworksOf<G>, NoInfer<DataOf<M, V, S>>, E>;
  /** Epochs, batch size, learning rate and optimiser. */
  readonly schedule: Schedule;
}

/**
 * An experiment: a value that determines everything about a run but its seed. `E` are the names of
 * the modules that its method trains for other methods.
 */
export interface Experiment<S extends Net = Net, E extends string = never> {
  /**
   * The URL of the module that declares it. The experiment's id is that module's path, followed by
   * `#name` if it is not the default export.
   */
  readonly url: string;
  /** The data set to train on and to report on. */
  readonly dataset: Dataset<Mix | undefined, string, Net>;
  /** The network that learns. */
  readonly student: S;
  /** The trained student whose weights it starts with. `undefined` if there is none. */
  readonly start: Trained | undefined;
  /** The weights with which its body starts. `undefined` if there are none. */
  readonly body: Teacher | undefined;
  /** The teachers, in order. Empty if there are none. */
  readonly teachers: readonly Teacher[];
  /** Whether the method gets its teachers as a tuple rather than a single one. */
  readonly several: boolean;
  /**
   * The method. The compiler checked that it fits student, teachers and data set where the
   * experiment was declared.
   */
  readonly distiller: Distiller<Net, Teachers, unknown, E>;
  /** The modules that other experiments' methods trained and that this method uses. */
  readonly needs: readonly ExperimentModule[];
  /** Epochs, batch size, learning rate and optimiser. */
  readonly schedule: Schedule;
}

/**
 * An experiment with the types of its parts, for functions that replace some of them, such as
 * `ablation`.
 */
export interface Declared<
  S extends Net,
  G extends TeacherPart,
  M extends Mix | undefined,
  V extends string,
  E extends string,
> extends Experiment<S, E> {
  /** The parts that it was declared with. */
  readonly parts: Parts<S, G, M, V, E>;
}

const experiments = new WeakSet<object>();

/**
 * Declares an experiment. `meta` is the `import.meta` of the module that exports it. Creates no
 * tensor and opens no file. Throws a `Failure` (exit 2) if the method needs a module that no
 * experiment trained, if a number of the schedule is out of its range, or if a warm-up of the method
 * is longer than the schedule.
 *
 * @example
 * ```ts
 * import { experiment, resnet8, scratch, sgd } from "@retort/retort";
 * import { cifar10 } from "@retort/retort/datasets";
 *
 * export default experiment(import.meta, {
 *   dataset: cifar10(),
 *   student: resnet8,
 *   distiller: scratch(),
 *   schedule: sgd({ epochs: 240, batch: 64, lr: 0.05, drops: { at: [150, 180, 210], by: 0.1 } }),
 * });
 * ```
 */
export function experiment<
  S extends Net,
  const G extends TeacherPart = undefined,
  M extends Mix | undefined = undefined,
  V extends string = never,
  E extends string = never,
>(
  meta: { readonly url: string },
  parts: Parts<S, G, M, V, E>,
): Declared<S, G, M, V, E> {
  const { dataset, student, teacher, distiller, schedule } = parts;
  checkSchedule(schedule);
  for (const { owner, option, value, isSet } of distiller.epochOptions ?? []) {
    if (isSet) {
      checkRange(owner, option, value, atMost(schedule.epochs, "the schedule's epochs"));
    }
  }
  const start = student.kind === "trained" ? student : undefined;
  const value: Declared<S, G, M, V, E> = {
    url: meta.url,
    parts,
    dataset,
    student: studentOf(student),
    start,
    body: student.kind === "started" ? student.body : undefined,
    teachers: teacher === undefined ? [] : isSeveral(teacher) ? teacher : [teacher as Teacher],
    several: teacher !== undefined && isSeveral(teacher),
    distiller: erase(distiller),
    needs: (distiller.needs ?? []).map((module) => requireTrained(module, distiller.id)),
    schedule,
  };
  experiments.add(value);
  return value;
}

function isSeveral(teacher: NonNullable<TeacherPart>): teacher is readonly Teacher[] {
  return Array.isArray(teacher);
}

function studentOf<S extends Net>(student: S | Trained<S> | Started<S>): S {
  if (student.kind === "trained") return student.experiment.student;
  return student.kind === "started" ? student.network : student;
}

function requireTrained(module: TrainedModule, method: string): ExperimentModule {
  if (!module) {
    throw new Failure(2, `${method} needs a module that no method lists in its trainedModules`);
  }
  if (isExperimentModule(module)) return module;
  const { name } = module;
  throw new Failure(
    2,
    `${method} takes a ${name} that no experiment trained: give it from(…).trainedModules.${name}`,
  );
}

function isExperimentModule(module: TrainedModule): module is ExperimentModule {
  return "trained" in module;
}

/** Whether a value was made by `experiment`. */
export function isExperiment(value: unknown): value is Experiment {
  return typeof value === "object" && value !== null && experiments.has(value);
}

/** Options of `from`. */
export interface FromOptions {
  /** The seed of the trial. Default: 1. */
  readonly seed?: number;
  /** The epoch after which its weights are taken. Default: `last`. */
  readonly epoch?: Epoch;
  /** Whether to take the moving average of its weights. Default: `false`. */
  readonly average?: boolean;
}

/**
 * Takes the trained student of another experiment, as a teacher or as the start of a student. Its
 * `trainedModules` are the modules that the other method trained. Default: the trial of seed 1,
 * after its last epoch. `average`: the moving average of its weights, if its schedule has one
 * (`ema`). Throws a `Failure` (exit 2) if the seed is not a whole number from 0, or if there is no
 * average.
 *
 * @example
 * ```ts
 * import { experiment, from, kd, resnet20, resnet8, scratch, sgd } from "@retort/retort";
 * import { cifar10 } from "@retort/retort/datasets";
 *
 * const dataset = cifar10();
 * const schedule = sgd({ epochs: 240, batch: 64, lr: 0.05 });
 *
 * export const teacher = experiment(import.meta, {
 *   dataset,
 *   schedule,
 *   student: resnet20,
 *   distiller: scratch(),
 * });
 * export const student = experiment(import.meta, {
 *   dataset,
 *   schedule,
 *   teacher: from(teacher, { seed: 2, epoch: "best" }),
 *   student: resnet8,
 *   distiller: kd(),
 * });
 * ```
 */
export function from<N extends Net, E extends string>(
  experiment: Experiment<N, E>,
  { seed = 1, epoch = "last", average = false }: FromOptions = {},
): Trained<N, E> {
  checkRange("from", "seed", seed, whole(0));
  if (average) requireAverage(experiment, "from");
  const trained = {
    kind: "trained",
    experiment,
    seed,
    epoch,
    // Left out if it is not set, so that declarations from before it keep their hashes.
    ...average && { average },
    trainedModules: {},
  } as const;
  const modules = Object.entries<Layer>(experiment.distiller.trainedModules ?? {})
    .map((
      [name, layer],
    ): [string, ExperimentModule] => [name, { kind: "module", trained, name, layer }]);
  return {
    ...trained,
    trainedModules: Object.fromEntries(modules) as Trained<N, E>["trainedModules"],
  };
}

/**
 * Throws a `Failure` (exit 2) in the name of `who` if the training of an experiment has no moving
 * average of the weights.
 */
export function requireAverage({ schedule }: Pick<Experiment, "schedule">, who: string): void {
  if (schedule.ema !== undefined) return;
  throw new Failure(
    2,
    `${who}: the experiment has no average of its weights: set \`ema\` in its schedule, ` +
      `${schedule.id}, or leave \`average\` out`,
  );
}

/** A stage that two networks have under one name, or an error that says there is none. */
export type SharedStage<N extends Net, B extends Net> =
  [Exclude<Extract<Tap<N>, Tap<B>>, "logits">] extends [never]
    ? { readonly error: "no stage of the body's network is one of the student's" }
    : unknown;

/**
 * Starts the body of a network with the weights of another one, which an experiment trained
 * (`from`) or which were trained elsewhere (`weights`): each stage that both networks have, but for
 * `logits`, which scores classes. The other network may know other classes, and other stages and
 * heads of both do not matter. The stages have to have the same variables: a run checks that before
 * anything is trained. A declared `top1` of the weights is not checked, since nothing scores them.
 *
 * @example
 * ```ts
 * import { fasterRcnn, imagenet, startBody, weights } from "@retort/retort";
 *
 * const trained = weights(imagenet.resnet50, { file: "weights/resnet50.pth" });
 * export const student = startBody(fasterRcnn({ body: imagenet.resnet50 }), trained);
 * ```
 */
export function startBody<N extends Net, B extends Net>(
  network: N,
  body: Teacher<B> & SharedStage<N, B>,
): Started<N> {
  return { kind: "started", network, body };
}

/** The network of a teacher. */
export function networkOf(teacher: Teacher): Net {
  return teacher.kind === "trained" ? teacher.experiment.student : teacher.network;
}

/** The experiments that teach one of these. */
export function experimentsThatTeach(
  taught: readonly { readonly experiment: Experiment }[],
): ReadonlySet<Experiment> {
  const teachers = taught.flatMap(({ experiment }) => experiment.teachers);
  return new Set(
    teachers.flatMap((teacher) => teacher.kind === "trained" ? [teacher.experiment] : []),
  );
}

/**
 * Lists two or more teachers, in order, for a method of several teachers. The compiler checks that
 * each fits where the experiment is declared.
 *
 * @example
 * ```ts
 * import { aver, ensemble, experiment, from, scratch, sgd, vgg13, vgg8 } from "@retort/retort";
 * import { cifar10 } from "@retort/retort/datasets";
 *
 * const dataset = cifar10();
 * const schedule = sgd({ epochs: 240, batch: 64, lr: 0.05 });
 *
 * export const teacher = experiment(import.meta, {
 *   dataset,
 *   schedule,
 *   student: vgg13,
 *   distiller: scratch(),
 * });
 * export const student = experiment(import.meta, {
 *   dataset,
 *   schedule,
 *   teacher: ensemble(from(teacher), from(teacher, { seed: 2 })),
 *   student: vgg8,
 *   distiller: aver(),
 * });
 * ```
 */
export function ensemble<const G extends readonly [Teacher, Teacher, ...Teacher[]]>(
  ...teachers: G
): G {
  return teachers;
}
