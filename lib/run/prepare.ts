import type { OpenDataset, Split } from "../data/dataset.ts";
import { epochSize } from "../data/epoch.ts";
import { Fingerprint } from "../data/fingerprint.ts";
import { balancedSample, complementOf, subset } from "../data/split.ts";
import type { CompiledStep, Ungrouped } from "../engine/engine.ts";
import { type OpenEngine, openEngine } from "../engine/open_engine.ts";
import { type Experiment, networkOf } from "../experiment/experiment.ts";
import { checkScores } from "../nn/network.ts";
import type { Task } from "../tasks/task.ts";
import {
  assemble,
  type Assembly,
  type AssemblyOptions,
  buildTeacher,
  type SharedTeacher,
  startValues,
} from "../training/assemble.ts";
import type { ModuleValues } from "../training/create.ts";
import { type EvaluateInput, evaluateStep } from "../training/evaluate_step.ts";
import { checkIterations } from "../training/run_length.ts";
import type { ByTrial } from "../training/step.ts";
import { Failure } from "../values/failure.ts";
import { stream } from "../values/random.ts";
import type { Value } from "../weights/value.ts";
import { sharedBody } from "./body.ts";
import type { FirstStages } from "./first_stages.ts";
import { checkLearned, type LearnedRun } from "./learned.ts";
import { scheduleOf, type Settings } from "./settings.ts";
import type { NetworkWeights } from "./trained.ts";

/**
 * Trials that are ready to train together: their data are open, their models built. All have the
 * same data set, seed and settings.
 */
export interface Prepared extends RunData, OpenEngine {
  readonly seed: number;
  readonly task: Task;
  /** The distinct teachers, by the files of their weights. */
  readonly teachers: ReadonlyMap<string, SharedTeacher>;
  /** The networks and methods of each trial, in order. */
  readonly assemblies: readonly Assembly[];
  /** Evaluates the distinct teachers, in order. */
  readonly evaluateTeachers: CompiledStep<EvaluateInput, ByTrial<Ungrouped>>;
  /** Releases the data and the engine. */
  close(): void;
}

/** The data of a run. */
export interface RunData {
  /** The data set. */
  readonly opened: OpenDataset;
  /** Tells the data set from others. */
  readonly fingerprint: Fingerprint;
  /** The images to train on, without the hold-out. */
  readonly train: Split;
  /**
   * The hold-out, which chooses the best epoch, and its indices in the training set. `undefined` if
   * there is none.
   */
  readonly heldOut?: { readonly split: Split; readonly indices: Uint32Array };
}

/** The weights of a teacher. */
export interface TeacherWeights {
  /** The file of its weights, which tells teachers apart. */
  readonly path: string;
  readonly weights: NetworkWeights;
}

/**
 * An experiment with the weights of its teachers, in order, and of its first stages, and what the
 * runs that it continues or builds on learned from.
 */
export interface TrialSource {
  readonly experiment: Experiment;
  readonly teachers: readonly TeacherWeights[];
  readonly stages: FirstStages;
  /** The runs that it continues or builds on. */
  readonly learned: readonly LearnedRun[];
}

/** Whether this process will need all test images. A quick run may be over before a check is. */
const willEvaluate = ({ dry, limit, workers }: Settings): boolean =>
  !dry && limit === undefined && (workers?.leads ?? true);

/**
 * Opens the data set of trials of one seed and builds their models with the weights of teachers and
 * first stages. Each distinct teacher is built once. Rejects with a `Failure`: exit 3 if a run that
 * a trial continues or builds on learned from other data, exit 2 if the iterations of a schedule do
 * not end within its last epoch.
 */
export async function prepare(
  trials: readonly TrialSource[],
  seed: number,
  settings: Settings,
): Promise<Prepared> {
  const [{ experiment: { dataset } }] = trials;
  using resources = new DisposableStack();
  const opened = await dataset.open(settings.data, settings.status.line, settings.dry);
  resources.defer(() => opened.close());
  const fingerprint = new Fingerprint(opened, dataset.task);
  for (const { learned } of trials) await checkLearned(fingerprint, learned);
  const data = { opened, fingerprint, ...splitHoldout(opened, dataset.holdout, seed) };
  if (willEvaluate(settings)) {
    await opened.test.check?.();
    await data.heldOut?.split.check?.();
  }
  for (const { experiment } of trials) {
    checkIterations(epochSize(data.train), scheduleOf(experiment, settings));
  }
  const computing = await openEngine({ ...settings, log: settings.status.line });
  const { engine } = computing;
  resources.defer(() => engine.close());
  const { image } = opened;
  const classes = opened.classes.length;
  const values = (weights: NetworkWeights) => weights && arraysOf(weights(image, classes));
  const teachers = new Map<string, SharedTeacher>();
  for (const { experiment, teachers: sources } of trials) {
    for (const [i, { path, weights }] of sources.entries()) {
      if (teachers.has(path)) continue;
      const recipe = networkOf(experiment.teachers[i]);
      const shapes = { seed, image, classes };
      teachers.set(path, buildTeacher(recipe, teachers.size, shapes, values(weights)));
    }
  }
  await engine.hold([...teachers.values()].flatMap(({ variables }) => variables));
  const assemblies: Assembly[] = [];
  for (const { experiment, teachers: sources, stages } of trials) {
    const assembly = assembleChecked(experiment, {
      seed,
      image,
      classes,
      train: data.train,
      teachers: sources.map(({ path }) => teachers.get(path)!.model),
      schedule: scheduleOf(experiment, settings),
      limit: settings.limit,
      values: startValues(values(stages.start)),
      taken: moduleValues(stages),
    });
    await engine.hold([...assembly.variables.values()]);
    assemblies.push(assembly);
  }
  const notes = trials.flatMap(({ experiment }) => experiment.distiller.note?.(classes) ?? []);
  const scoring = assemblies.some(({ student }) => "logits" in student.shapes);
  if (scoring) notes.push(...noteLostClasses(opened, data.train));
  for (const note of new Set(notes)) settings.status.line(note);
  const { task, normalisation } = dataset;
  const evaluated = [...teachers.values()].map(({ model }) => ({ student: model }));
  const evaluateTeachers = engine.compile(evaluateStep(task, evaluated, normalisation));
  const owned = resources.move();
  const models = { teachers, assemblies, evaluateTeachers };
  return { ...data, ...computing, ...models, seed, task, close: () => owned.dispose() };
}

/**
 * Assembles an experiment. Throws a `Failure` (exit 2) like `assemble`, and if the body that its
 * student starts from does not fit or a network scores other classes than the data set's.
 */
export function assembleChecked(experiment: Experiment, options: AssemblyOptions): Assembly {
  const { student, body } = experiment;
  // A body that is not trained yet has to fit too.
  if (body) sharedBody(student, networkOf(body), options.image, options.classes);
  const assembly = assemble(experiment, options);
  for (const model of [assembly.student, ...assembly.teachers]) checkScores(model);
  return assembly;
}

/**
 * Splits the hold-out off the training set. Throws a `Failure` (exit 2) if nothing is left to train
 * or test on.
 */
export function splitHoldout(
  { train, test }: OpenDataset,
  holdout: number,
  seed: number,
): Pick<RunData, "train" | "heldOut"> {
  if (test.size === 0 || train.size === holdout) {
    throw new Failure(
      2,
      "there are no images left to train or test on: the data set has no test images, or " +
        "`holdout` leaves none to train on: hold out fewer",
    );
  }
  if (holdout === 0) return { train };
  const indices = balancedSample(train.labels, holdout, stream(seed, "holdout"));
  return {
    train: subset(train, complementOf(train.size, indices)),
    heldOut: { split: subset(train, indices), indices },
  };
}

/** Says which classes the hold-out has taken whole: nothing learns them. */
function noteLostClasses({ train, classes }: OpenDataset, learned: Split): string[] {
  const left = new Set(learned.labels);
  const lost = [...new Set(train.labels)].filter((label) => !left.has(label));
  if (lost.length === 0) return [];
  const names = lost.map((label) => classes[label]).join(", ");
  return [
    `the hold-out has all training images of ${names}, so none is left to learn from: hold out fewer`,
  ];
}

/** Gives the values of the modules that first stages trained. */
function moduleValues({ modules }: FirstStages): ModuleValues {
  return (extra, shape) => {
    if (!modules.has(extra)) {
      throw new Failure(
        2,
        `the method builds ${extra.name}, a trained module that its \`needs\` do not list`,
      );
    }
    const tensors = modules.get(extra)?.(shape);
    return tensors && arraysOf(tensors);
  };
}

function arraysOf(tensors: ReadonlyMap<string, Value>): Map<string, Float32Array> {
  // These weights were checked against variables, which are float32.
  return new Map(Array.from(tensors, ([name, { data }]) => [name, data as Float32Array]));
}
