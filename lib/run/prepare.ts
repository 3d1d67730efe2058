import type { OpenDataset, Split } from "../data/dataset.ts";
import { complementOf, stratified, subset } from "../data/split.ts";
import type { CompiledStep, Engine } from "../engine/engine.ts";
import { openEngine } from "../engine/open_engine.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { assemble, type Assembly, startValues } from "../training/assemble.ts";
import type { ModuleValues } from "../training/create.ts";
import { type EvaluateInput, evaluateStep } from "../training/evaluate_step.ts";
import {
  gradNormStep,
  type GradNormValues,
  type TrainInput,
  trainStep,
  type TrainValues,
} from "../training/step.ts";
import { Failure } from "../values/failure.ts";
import { stream } from "../values/random.ts";
import type { Value } from "../weights/value.ts";
import type { FirstStages } from "./first_stages.ts";
import { scheduleOf, type Settings } from "./settings.ts";
import type { NetworkWeights } from "./trained.ts";

/** An experiment that is ready to run: its data are open, its models built, its steps compiled. */
export interface Prepared extends RunData, Assembly, Steps {
  readonly engine: Engine;
  /** TensorFlow's version; `null` on tfjs's own backend. */
  readonly tensorflow: string | null;
  /** Releases the data and the engine. */
  close(): void;
}

/** The data of a run. */
export interface RunData {
  /** The data set. */
  readonly opened: OpenDataset;
  /** The images to train on, without the hold-out. */
  readonly train: Split;
  /**
   * The hold-out, which chooses the best epoch, and its indices in the training set. `undefined` if
   * there is none.
   */
  readonly heldOut?: { readonly split: Split; readonly indices: Uint32Array };
}

/** The compiled functions that a run calls on each batch. */
export interface Steps {
  /** Runs one training step. */
  readonly step: CompiledStep<TrainInput, TrainValues>;
  /** Computes the norm of each term's gradient with respect to the student in such a step. */
  readonly gradNorms: CompiledStep<TrainInput, GradNormValues>;
  /** Evaluates the student. */
  readonly evaluate: CompiledStep<EvaluateInput>;
  /** Evaluates the student beside its teacher. `undefined` unless there is exactly one. */
  readonly compare?: CompiledStep<EvaluateInput>;
  /** Evaluate each teacher, in order. */
  readonly evaluateTeachers: readonly CompiledStep<EvaluateInput>[];
}

/**
 * Opens an experiment's data, builds its models with the weights of teachers and first stages, and
 * compiles its steps.
 */
export async function prepare(
  experiment: Experiment,
  seed: number,
  weights: readonly NetworkWeights[],
  stages: FirstStages,
  settings: Settings,
): Promise<Prepared> {
  using resources = new DisposableStack();
  const opened = await experiment.dataset.open(settings.data, settings.log, settings.dry);
  resources.defer(() => opened.close());
  const data = { opened, ...splitHoldout(opened, experiment.dataset.holdout, seed) };
  const { engine, tensorflow } = await openEngine(settings);
  resources.defer(() => engine.close());
  const { image } = opened;
  const classes = opened.classes.length;
  const values = (weights: NetworkWeights) => weights && arraysOf(weights(image, classes));
  const assembly = assemble(experiment, {
    seed,
    image,
    classes,
    train: data.train,
    schedule: scheduleOf(experiment, settings),
    values: startValues(values(stages.start), weights.map(values)),
    taken: moduleValues(stages),
  });
  await engine.hold([...assembly.variables.values()]);
  const steps = compileSteps(engine, assembly);
  const owned = resources.move();
  return { ...data, ...assembly, ...steps, engine, tensorflow, close: () => owned.dispose() };
}

/** Splits the hold-out off the training set. */
function splitHoldout(
  { train, test }: OpenDataset,
  holdout: number,
  seed: number,
): Pick<RunData, "train" | "heldOut"> {
  if (test.size === 0 || train.size === holdout) {
    throw new Failure(2, "the data set has no images left to train or test on");
  }
  if (holdout === 0) return { train };
  const indices = stratified(train.labels, holdout, stream(seed, "holdout"));
  return {
    train: subset(train, complementOf(train.size, indices)),
    heldOut: { split: subset(train, indices), indices },
  };
}

function compileSteps(engine: Engine, { student, teachers, parts }: Assembly): Steps {
  const { task, normalisation } = parts;
  const only = teachers.length === 1 ? teachers[0] : undefined;
  return {
    step: engine.compile(trainStep(parts)),
    gradNorms: engine.compile(gradNormStep(parts)),
    evaluate: engine.compile(evaluateStep(task, student, undefined, normalisation)),
    compare: only && engine.compile(evaluateStep(task, student, only, normalisation)),
    evaluateTeachers: teachers.map((teacher) =>
      engine.compile(evaluateStep(task, teacher, undefined, normalisation))
    ),
  };
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
