import { accumulation } from "./accumulation.ts";
import { type Average, average } from "./average.ts";
import { createWithin, type ModuleValues } from "./create.ts";
import type { Dataset, Mix, Split } from "../data/dataset.ts";
import { epochSize } from "../data/epoch.ts";
import type { Distiller, Teachers } from "../experiment/distiller.ts";
import { type Experiment, networkOf } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import { buildModel, type Model, type Net } from "../nn/network.ts";
import { pure } from "../nn/pure.ts";
import type { Schedule } from "../experiment/schedule.ts";
import type { TrainParts } from "./step.ts";
import { runLength } from "./run_length.ts";
import {
  namesBelow,
  type Shape,
  type Variable,
  type Variables,
  variables,
} from "../nn/variables.ts";

/** The parts of an experiment that its training needs. An experiment is one. */
export interface AssemblySource
  extends Pick<Experiment, "student" | "teachers" | "several" | "distiller"> {
  /** The task, and the changes to images before the networks see them. */
  readonly dataset: Pick<
    Dataset<Mix | undefined, string, Net>,
    "task" | "augmentation" | "normalisation" | "mix" | "views"
  >;
}

/** The inputs of an assembly that an experiment does not declare. */
export interface AssemblyOptions {
  /** The seed of the initial values and of the steps. */
  readonly seed: number;
  /** Height, width and channels of an image. */
  readonly image: Shape;
  /** Number of classes. */
  readonly classes: number;
  /** The training images. */
  readonly train: Pick<Split, "size" | "labels" | "repeats">;
  /**
   * The teachers, in order, if they are built already: trials may share them. Default: builds its
   * own.
   */
  readonly teachers?: readonly Model[];
  /** The schedule to run. */
  readonly schedule: Schedule;
  /** The most batches of an epoch, as in `runLength`. Default: all. */
  readonly limit?: number;
  /**
   * Initial values of variables by name, as `startValues` returns them. Default: each variable's
   * own.
   */
  readonly values?: ReadonlyMap<string, Float32Array>;
  /** Values of the modules that the method takes. Default: untrained ones. */
  readonly taken?: ModuleValues;
}

/** The networks, the method and the optimiser of an experiment. */
export interface Assembly {
  readonly student: Model;
  /** The teachers, in order. */
  readonly teachers: readonly Model[];
  /** The parts of a training step. */
  readonly parts: TrainParts;
  /** What the loss has read of the length of its run, in the steps so far. */
  readonly lengthsRead: ReadonlySet<"epochs" | "steps">;
  /**
   * Every variable that was made, by name, in order of creation: the student's, the teachers', the
   * method's, the optimiser's.
   */
  readonly variables: ReadonlyMap<string, Variable>;
  /**
   * The variables that change, which a run needs to resume, and the student's that never do, such as
   * frozen norms: its weights are not whole without them.
   */
  readonly state: readonly Variable[];
  /** The student's variables, by their names inside it. */
  readonly weights: ReadonlyMap<string, Variable>;
  /** The averages of the student's variables, by the same names. `undefined` if there are none. */
  readonly averages?: ReadonlyMap<string, Variable>;
  /**
   * The variables of the modules that the method trains for others, by module and the name inside
   * it. `undefined` if it trains none.
   */
  readonly trainedModules?: ReadonlyMap<string, Variable>;
  /** The variables in which the method remembers earlier batches. */
  readonly memories: readonly Variable[];
}

/** Prefixes of variable names, by owner. */
const SCOPES = {
  student: "student",
  teacher: (i: number): string => `teacher${i + 1}`,
  distiller: "distiller",
  average: "average",
  accumulation: "accumulated",
};

/**
 * Assembles the networks, the method and the optimiser of an experiment. It opens nothing, runs
 * nothing and makes no tensor. Throws a `Failure` (exit 2) if the networks do not suit the method,
 * if the method does not make all of the modules that it trains for others, or if an optimiser that
 * takes several gradients is to accumulate.
 */
export function assemble(experiment: AssemblySource, options: AssemblyOptions): Assembly {
  const { distiller, dataset: { task, augmentation, normalisation, mix, views } } = experiment;
  const { seed, image, classes, train, schedule, limit, values, taken } = options;
  const collected = new Map<string, Variable>();
  const scope = variables({ seed, collected, values });
  const build = (recipe: Net, within: Variables) => buildModel(recipe, within, image, classes);
  const student = build(experiment.student, scope.in(SCOPES.student));
  const teachers = options.teachers ??
    experiment.teachers.map((one, i) => build(networkOf(one), teacherScope(scope, i)));
  const teacher = experiment.several ? teachers : teachers[0];
  const made = new Map<string, ReadonlyMap<string, Variable>>();
  const memories: Variable[] = [];
  const create = createWithin(scope.in(SCOPES.distiller), image, classes, {
    taken,
    trained: distiller.trainedModules,
    made,
    memories,
  });
  const loss = pure("build", () =>
    distiller.build({
      create,
      student,
      teacher,
      dataset: { size: train.size, classes, labels: train.labels },
    }));
  if (typeof loss !== "function") {
    throw new Failure(2, "the method's build returns no loss: return a function, without async");
  }
  const frozenVariables = new Set(distiller.frozenVariables?.(student));
  const trainable = [...collected.values()]
    .filter((variable) => variable.trainable && !variable.fixed && !frozenVariables.has(variable));
  const optimizer = schedule.optimizer(trainable, scope);
  const { clip, ema, accumulate = 1 } = schedule;
  if (accumulate > 1 && optimizer.groups) {
    throw new Failure(
      2,
      `${schedule.id}: \`accumulate\` adds up one gradient, and the optimiser takes several ` +
        "(`dot`): leave one of them out",
    );
  }
  const averaged = ema === undefined
    ? undefined
    : average(ema, student.variables, scope.in(SCOPES.average));
  const lengthsRead = new Set<"epochs" | "steps">();
  const modules = [...made.values()].flatMap((inside) => [...inside.values()]);
  const own = new Set([...student.variables, ...modules]);
  const state = [...collected.values()].filter((one) => !one.fixed || own.has(one));
  const weights = namesBelow(scope.in(SCOPES.student), student.variables);
  return {
    student,
    teachers,
    parts: {
      task,
      student,
      teacher,
      loss,
      optimizer,
      trainable,
      frozenVariables,
      clip,
      average: averaged,
      // Made last: its sums are 0 between two steps, so a run needs none of them to resume.
      accumulation: accumulate > 1
        ? accumulation(accumulate, trainable, scope.in(SCOPES.accumulation))
        : undefined,
      augmentation,
      normalisation,
      mix,
      views,
      seed,
      epochs: schedule.epochs,
      steps: runLength(epochSize(train), schedule, limit).total,
      lengthsRead,
    },
    lengthsRead,
    variables: collected,
    state,
    weights,
    averages: averaged && averagesOf(weights, averaged),
    trainedModules: modulesOf(distiller, made),
    memories,
  };
}

/** The averages of variables under the variables' names. One that never changes is its own. */
function averagesOf(
  weights: ReadonlyMap<string, Variable>,
  { of }: Average,
): Map<string, Variable> {
  return new Map(Array.from(weights, ([name, one]) => [name, of.get(one) ?? one]));
}

const teacherScope = (scope: Variables, i: number) => scope.in(SCOPES.teacher(i)).frozen();

/** A teacher that trials share. */
export interface SharedTeacher {
  readonly model: Model;
  /** Every variable that was made, those that its layers fold together among them. */
  readonly variables: readonly Variable[];
}

/**
 * Builds a teacher that trials share, the `i`-th one, with these values by the names inside it.
 * Default of `inside`: each variable's own.
 */
export function buildTeacher(
  recipe: Net,
  i: number,
  { seed, image, classes }: Pick<AssemblyOptions, "seed" | "image" | "classes">,
  inside: NamedValues,
): SharedTeacher {
  const values = new Map(prefixNames(SCOPES.teacher(i), inside));
  const collected = new Map<string, Variable>();
  const scope = teacherScope(variables({ seed, collected, values }), i);
  const model = buildModel(recipe, scope, image, classes);
  return { model, variables: [...collected.values()] };
}

/**
 * The variables of the modules that a method trains for others, by module and the name inside it.
 */
function modulesOf(
  { id, trainedModules }: Distiller<Net, Teachers>,
  made: ReadonlyMap<string, ReadonlyMap<string, Variable>>,
): Map<string, Variable> | undefined {
  if (!trainedModules) return undefined;
  return new Map(
    Object.keys(trainedModules).flatMap((module) => {
      const inside = made.get(module);
      if (!inside) {
        throw new Failure(
          2,
          `${id} never makes its ${module}: it has to call create.trainedModule("${module}", shape)`,
        );
      }
      return Array.from(
        inside,
        ([name, variable]): [string, Variable] => [`${module}.${name}`, variable],
      );
    }),
  );
}

/** Values of a network's variables, by the names inside it. `undefined` if there are none. */
export type NamedValues = ReadonlyMap<string, Float32Array> | undefined;

/** The initial values of a student, by the names of an assembly's variables. */
export function startValues(student: NamedValues): Map<string, Float32Array> {
  return new Map(prefixNames(SCOPES.student, student));
}

function prefixNames(scope: string, inside: NamedValues = new Map()): [string, Float32Array][] {
  return Array.from(inside, ([name, values]) => [`${scope}.${name}`, values]);
}
