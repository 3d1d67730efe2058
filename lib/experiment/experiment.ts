import type { Dataset, Mix } from "../data/dataset.ts";
import type { Layer } from "../nn/layer.ts";
import type { Net, Scorer } from "../nn/network.ts";
import { Failure } from "../values/failure.ts";
import {
  type DataOf,
  type Distiller,
  erase,
  type Teachers,
  type TrainedModule,
} from "./distiller.ts";
import type { Schedule } from "./schedule.ts";
import type { ExternalWeights } from "./weights.ts";

/** Which of a run's weights teach: those after the last epoch, the best one or a certain one. */
export type Epoch = "last" | "best" | number;

/** A student whose experiment is done: a teacher, or what another student starts from. */
export interface Trained<N extends Net = Net, E extends string = never> {
  /** What tells it from weights that were trained elsewhere, and from a network. */
  readonly kind: "trained";
  /** What trained it. */
  readonly experiment: Experiment<N, E>;
  /** Which trial. */
  readonly seed: number;
  /** After which epoch. */
  readonly epoch: Epoch;
  /** What the method trained besides, by name. */
  readonly trainedModules: { readonly [K in E]: ExperimentModule };
}

/** A module that the method of an experiment trained: `from(x).trainedModules.paraphraser`. */
export interface ExperimentModule extends TrainedModule {
  /** The experiment whose method trained it. */
  readonly trained: Trained;
}

/** A teacher: a student of ours, or weights that were trained elsewhere. */
export type Teacher<N extends Net = Net> = Trained<N> | ExternalWeights<N>;

/** Any number of teachers: none, one, or several in order. */
export type TeacherPart = undefined | Teacher | readonly Teacher[];

/** The network behind a teacher, as it was declared. */
export type NetworkOf<G> = G extends Trained<infer N> ? N
  : G extends ExternalWeights<infer N> ? N
  : never;

/** The networks behind teachers. */
export type NetworksOf<G extends TeacherPart> = G extends Teacher ? NetworkOf<G>
  : G extends readonly Teacher[] ? { readonly [K in keyof G]: NetworkOf<G[K]> }
  : undefined;

/** What an experiment is made of. */
export interface Parts<
  S extends Scorer,
  G extends TeacherPart,
  M extends Mix | undefined = undefined,
  V extends string = never,
  E extends string = never,
> {
  /** What is learned from and reported on. */
  readonly dataset: Dataset<M, V>;
  /**
   * The network that learns; `from(x)`: that of another experiment, which starts with the weights
   * that it ended with.
   */
  readonly student: S | Trained<S>;
  /** What teaches it; absent where the method needs nobody. */
  readonly teacher?: G;
  /** The method; its type says what it needs of student, teacher and data set. */
  readonly distiller: Distiller<NoInfer<S>, NetworksOf<G>, NoInfer<DataOf<M, V>>, E>;
  /** How long and at what pace. */
  readonly schedule: Schedule;
}

/**
 * An experiment: a value that says everything about a run but its seed. `E` are the names of what
 * its method trains for others.
 */
export interface Experiment<S extends Net = Net, E extends string = never> {
  /**
   * The address of the module that declares it; its id is that module's path, and `#name` where it
   * is not the default.
   */
  readonly url: string;
  /** What is learned from and reported on. */
  readonly dataset: Dataset<Mix | undefined, string>;
  /** The network that learns. */
  readonly student: S;
  /** Whose weights it starts with; undefined where it starts anew. */
  readonly start: Trained | undefined;
  /** What teaches it, in order; empty where nobody does. */
  readonly teachers: readonly Teacher[];
  /** Whether the method takes its teachers as a tuple rather than as one. */
  readonly several: boolean;
  /**
   * The method; that it fits student, teachers and data set was checked where the experiment was
   * declared.
   */
  readonly distiller: Distiller<Net, Teachers, unknown, E>;
  /** What the method takes of what others trained. */
  readonly needs: readonly ExperimentModule[];
  /** How long and at what pace. */
  readonly schedule: Schedule;
}

/**
 * An experiment as it was declared, the types of its parts with it, for those that change some of
 * them.
 */
export interface Declared<
  S extends Scorer,
  G extends TeacherPart,
  M extends Mix | undefined,
  V extends string,
  E extends string,
> extends Experiment<S, E> {
  /** What it was declared with. */
  readonly parts: Parts<S, G, M, V, E>;
}

const experiments = new WeakSet<object>();

/**
 * Declares an experiment. Makes no tensor and opens no file. Throws a `Failure` (exit 2) where the
 * method takes a module that no experiment trained.
 */
export function experiment<
  S extends Scorer,
  const G extends TeacherPart = undefined,
  M extends Mix | undefined = undefined,
  V extends string = never,
  E extends string = never,
>(
  meta: { readonly url: string },
  parts: Parts<S, G, M, V, E>,
): Declared<S, G, M, V, E> {
  const { dataset, student, teacher, distiller, schedule } = parts;
  const start = isTrained(student) ? student : undefined;
  const value: Declared<S, G, M, V, E> = {
    url: meta.url,
    parts,
    dataset,
    student: isTrained(student) ? student.experiment.student : student,
    start,
    teachers: teacher === undefined ? [] : isSeveral(teacher) ? teacher : [teacher as Teacher],
    several: teacher !== undefined && isSeveral(teacher),
    distiller: erase(distiller),
    needs: (distiller.needs ?? []).map((module) => checkedModule(module, distiller.id)),
    schedule,
  };
  experiments.add(value);
  return value;
}

function isSeveral(teacher: NonNullable<TeacherPart>): teacher is readonly Teacher[] {
  return Array.isArray(teacher);
}

function isTrained<S extends Net>(student: S | Trained<S>): student is Trained<S> {
  return student.kind === "trained";
}

function checkedModule(module: TrainedModule, method: string): ExperimentModule {
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

/**
 * The student of another experiment, as a teacher or as what a student starts from, and under
 * `trainedModules` what its method trained besides: the first trial after its last epoch, unless
 * said otherwise.
 */
export function from<N extends Net, E extends string>(
  experiment: Experiment<N, E>,
  { seed = 1, epoch = "last" }: { readonly seed?: number; readonly epoch?: Epoch } = {},
): Trained<N, E> {
  const trained = { kind: "trained", experiment, seed, epoch, trainedModules: {} } as const;
  const modules = Object.entries<Layer>(experiment.distiller.trainedModules ?? {})
    .map((
      [name, layer],
    ): [string, ExperimentModule] => [name, { kind: "module", trained, name, layer }]);
  return {
    ...trained,
    trainedModules: Object.fromEntries(modules) as Trained<N, E>["trainedModules"],
  };
}

/** The network that teaches. */
export function networkOf(teacher: Teacher): Net {
  return teacher.kind === "trained" ? teacher.experiment.student : teacher.network;
}

/**
 * Two teachers or more, in order, for a method that takes them together: `teacher:
 * ensemble(from(a), from(b))`. That each fits is checked where the experiment is declared.
 */
export function ensemble<const G extends readonly [Teacher, Teacher, ...Teacher[]]>(
  ...teachers: G
): G {
  return teachers;
}
