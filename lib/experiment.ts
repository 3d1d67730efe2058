import type { Dataset } from "./dataset.ts";
import type { Distiller, Teachers } from "./distiller.ts";
import type { Json } from "./json.ts";
import type { Net, Scorer } from "./network.ts";
import type { Schedule } from "./schedule.ts";
import type { Given } from "./weights.ts";

/** Which of a run's weights teach: those after the last epoch, the best one or a certain one. */
export type Epoch = "last" | "best" | number;

/** A teacher that is a student whose experiment is done. */
export interface Trained<N extends Net = Net> {
  /** What trained it. */
  readonly experiment: Experiment<N>;
  /** Which trial. */
  readonly seed: number;
  /** After which epoch. */
  readonly epoch: Epoch;
}

/** A teacher: a student of ours, or weights that were trained elsewhere. */
export type Teacher<N extends Net = Net> = Trained<N> | Given<N>;

/** Any number of teachers: none, one, or several in order. */
export type Taught = undefined | Teacher | readonly Teacher[];

/** The network behind a teacher, as it was declared. */
export type NetworkOf<G> = G extends Trained<infer N> ? N : G extends Given<infer N> ? N : never;

/** The networks behind teachers. */
export type Networks<G extends Taught> = G extends Teacher ? NetworkOf<G>
  : G extends readonly Teacher[] ? { readonly [K in keyof G]: NetworkOf<G[K]> }
  : undefined;

/** What an experiment is made of. */
export interface Parts<S extends Scorer, G extends Taught> {
  /** What is learned from and reported on. */
  readonly dataset: Dataset;
  /** The network that learns. */
  readonly student: S;
  /** What teaches it; absent where the method needs nobody. */
  readonly teacher?: G;
  /** The method; its type says what it needs of student and teacher. */
  readonly distiller: Distiller<NoInfer<S>, Networks<G>>;
  /** How long and at what pace. */
  readonly schedule: Schedule;
}

/** An experiment: a value that says everything about a run but its seed. */
export interface Experiment<S extends Net = Net> {
  /** The address of the module that declares it; its id is that module's path, and `#name` where it is not the default. */
  readonly url: string;
  /** What is learned from and reported on. */
  readonly dataset: Dataset;
  /** The network that learns. */
  readonly student: S;
  /** What teaches it, in order; empty where nobody does. */
  readonly teachers: readonly Teacher[];
  /** Whether the method takes its teachers as a tuple rather than as one. */
  readonly several: boolean;
  /** The method; that it fits student and teachers was checked where the experiment was declared. */
  readonly distiller: Distiller<Net, Teachers>;
  /** How long and at what pace. */
  readonly schedule: Schedule;
}

const experiments = new WeakSet<object>();

/** Declares an experiment. Makes no tensor and opens no file. */
export function experiment<S extends Scorer, const G extends Taught = undefined>(
  meta: { readonly url: string },
  parts: Parts<S, G>,
): Experiment<S> {
  const { dataset, student, teacher, distiller, schedule } = parts;
  const value: Experiment<S> = {
    url: meta.url,
    dataset,
    student,
    teachers: teacher === undefined ? [] : isSeveral(teacher) ? teacher : [teacher as Teacher],
    several: teacher !== undefined && isSeveral(teacher),
    distiller: distiller as unknown as Distiller<Net, Teachers>,
    schedule,
  };
  experiments.add(value);
  return value;
}

function isSeveral(teacher: NonNullable<Taught>): teacher is readonly Teacher[] {
  return Array.isArray(teacher);
}

/** Whether a value was made by `experiment`. */
export function isExperiment(value: unknown): value is Experiment {
  return typeof value === "object" && value !== null && experiments.has(value);
}

/** The student of another experiment as a teacher: the first trial after its last epoch, unless said otherwise. */
export function from<N extends Net>(
  experiment: Experiment<N>,
  { seed = 1, epoch = "last" }: { readonly seed?: number; readonly epoch?: Epoch } = {},
): Trained<N> {
  return { experiment, seed, epoch };
}

/** The network that teaches. */
export function networkOf(teacher: Teacher): Net {
  return "experiment" in teacher ? teacher.experiment.student : teacher.network;
}

/** Everything that determines a run but its seed, as JSON: paths, addresses, seeds of the run and threads are not in it. */
export function declaration(experiment: Experiment): Json {
  const part = ({ id, options }: { readonly id: string; readonly options: Json }): Json => ({ id, options });
  return {
    dataset: part(experiment.dataset),
    student: part(experiment.student),
    teachers: experiment.teachers.map((teacher) => {
      if (!("experiment" in teacher)) {
        return { network: part(teacher.network), sha256: teacher.sha256, top1: teacher.top1 };
      }
      const { experiment, seed, epoch } = teacher;
      return { experiment: declaration(experiment), seed, epoch };
    }),
    distiller: part(experiment.distiller),
    schedule: part(experiment.schedule),
  };
}
