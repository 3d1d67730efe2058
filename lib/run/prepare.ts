import type { Opened, Split } from "../data/dataset.ts";
import { complementOf, stratified, subset } from "../data/split.ts";
import type { Engine, Runnable } from "../engine/engine.ts";
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

/** An experiment whose data are open, which is assembled and whose steps can be run. */
export interface Prepared extends RunData, Assembly, Steps {
  /** Where it all runs. */
  readonly engine: Engine;
  /** TensorFlow's version. */
  readonly tensorflow: string | null;
  /** Releases data and engine. */
  close(): void;
}

/** The data of a run. */
export interface RunData {
  /** The data set. */
  readonly opened: Opened;
  /** What is trained on. */
  readonly train: Split;
  /**
   * What the best epoch is chosen on, where something is held out, and its indices in the training
   * set.
   */
  readonly heldOut?: { readonly split: Split; readonly indices: Uint32Array };
}

/** The functions of a batch that a run calls. */
export interface Steps {
  /** One training step. */
  readonly step: Runnable<TrainInput, TrainValues>;
  /** How strongly each term would pull at the student in such a step. */
  readonly gradNorms: Runnable<TrainInput, GradNormValues>;
  /** Evaluation of the student. */
  readonly evaluate: Runnable<EvaluateInput>;
  /** Evaluation of the student beside its only teacher. */
  readonly compare?: Runnable<EvaluateInput>;
  /** Evaluation of each teacher. */
  readonly evaluateTeachers: readonly Runnable<EvaluateInput>[];
}

/**
 * Opens an experiment's data, assembles it with the weights that others trained, and compiles its
 * steps.
 */
export async function prepare(
  experiment: Experiment,
  seed: number,
  weights: readonly NetworkWeights[],
  stages: FirstStages,
  settings: Settings,
): Promise<Prepared> {
  using open = new DisposableStack();
  const opened = await experiment.dataset.open(settings.data, settings.log, settings.dry);
  open.defer(() => opened.close());
  const data = { opened, ...divided(opened, experiment.dataset.holdout, seed) };
  const { engine, tensorflow } = await openEngine(settings);
  open.defer(() => engine.close());
  const { image } = opened;
  const classes = opened.classes.length;
  const inside = (weights: NetworkWeights) => weights && arrays(weights(image, classes));
  const assembly = assemble(experiment, {
    seed,
    image,
    classes,
    train: data.train,
    schedule: scheduleOf(experiment, settings),
    values: startValues(inside(stages.start), weights.map(inside)),
    taken: takenFrom(stages),
  });
  await engine.hold([...assembly.variables.values()]);
  const steps = compileSteps(engine, assembly);
  const kept = open.move();
  return { ...data, ...assembly, ...steps, engine, tensorflow, close: () => kept.dispose() };
}

/** What is trained on and what is held out of it. */
function divided(
  { train, test }: Opened,
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

/** The values of the modules that a method takes. */
function takenFrom({ modules }: FirstStages): ModuleValues {
  return (extra, shape) => {
    if (!modules.has(extra)) {
      throw new Error(
        `the method builds ${extra.name}, a trained module that is not among those it needs`,
      );
    }
    const tensors = modules.get(extra)?.(shape);
    return tensors && arrays(tensors);
  };
}

/** The values of tensors by name. */
function arrays(tensors: ReadonlyMap<string, Value>): Map<string, Float32Array> {
  // Whoever gives weights has matched them with variables, which are of float32.
  return new Map(Array.from(tensors, ([name, { data }]) => [name, data as Float32Array]));
}
