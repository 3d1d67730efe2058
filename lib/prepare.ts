import type { Value } from "./checkpoint.ts";
import { creator, type ExtraValues } from "./create.ts";
import type { Opened, Split } from "./dataset.ts";
import type { Engine, Runnable } from "./engine.ts";
import { type EvaluateInput, evaluateStep } from "./evaluate_step.ts";
import { type Experiment, networkOf } from "./experiment.ts";
import { Failure } from "./failure.ts";
import { build, type Net, type Player } from "./network.ts";
import { openEngine } from "./open_engine.ts";
import { optimizer } from "./optimizer.ts";
import { stream } from "./random.ts";
import { scheduled, type Settings } from "./settings.ts";
import { others, stratified, subset } from "./split.ts";
import type { Stages } from "./stages.ts";
import {
  gradNormStep,
  type GradNormValues,
  type TrainInput,
  type TrainParts,
  trainStep,
  type TrainValues,
} from "./step.ts";
import type { Weights } from "./trained.ts";
import { type Variable, variables } from "./variables.ts";

/** An experiment whose data are open, whose networks are built and whose steps can be run. */
export interface Prepared {
  /** The data set. */
  readonly opened: Opened;
  /** What is trained on. */
  readonly train: Split;
  /** What the best epoch is chosen on, where something is held out, and its indices in the training set. */
  readonly heldOut?: { readonly split: Split; readonly indices: Uint32Array };
  /** The student. */
  readonly student: Player;
  /** The teachers, in order. */
  readonly teachers: readonly Player[];
  /** Every variable that changes, the student's, the method's and the optimiser's. */
  readonly state: readonly Variable[];
  /** Where it all runs. */
  readonly engine: Engine;
  /** TensorFlow's version. */
  readonly tensorflow: string | null;
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
  /** Releases data and engine. */
  close(): void;
}

/** Opens an experiment's data, builds its networks with the weights that others trained, and compiles its steps. */
export async function prepare(
  experiment: Experiment,
  seed: number,
  weights: readonly Weights[],
  stages: Stages,
  settings: Settings,
): Promise<Prepared> {
  const { dataset, distiller } = experiment;
  const opened = await dataset.open(settings.data, settings.log, settings.dry);
  let holding: Engine | undefined;
  try {
    const { train, heldOut } = parts(opened, dataset.holdout, seed);
    const { engine, tensorflow } = await openEngine(settings);
    holding = engine;
    const classes = opened.classes.length;
    const collected = new Map<string, Variable>(), scope = variables({ seed, collected });
    const network = (recipe: Net, prefix: string, weights: Weights, fixed: boolean) => {
      const tensors = weights?.(opened.image, classes), values = tensors && below(prefix, tensors);
      return build(recipe, variables({ seed, collected, prefix, fixed, values }), opened.image, classes);
    };
    const student = network(experiment.student, "student.", stages.start, false);
    const teachers = experiment.teachers.map((teacher, i) =>
      network(networkOf(teacher), `teacher${i + 1}.`, weights[i], true)
    );
    const cast = experiment.several ? teachers : teachers[0];
    const loss = distiller.build({
      create: creator(scope.in("distiller"), opened.image, classes, valuesOf(stages)),
      student,
      teacher: cast,
      dataset: { size: train.size, classes, labels: train.labels },
    });
    const untouched = new Set(distiller.untouched?.(student));
    const trainable = [...collected.values()]
      .filter((variable) => variable.trainable && !variable.fixed && !untouched.has(variable));
    const update = optimizer(scheduled(experiment, settings), trainable, scope.in("velocity"));
    await engine.hold([...collected.values()]);
    const { task, augmentation, normalisation, mix, views } = dataset;
    const training: TrainParts = {
      task,
      student,
      teacher: cast,
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
    const only = teachers.length === 1 ? teachers[0] : undefined;
    return {
      opened,
      train,
      heldOut,
      student,
      teachers,
      state: [...collected.values()].filter((variable) => !variable.fixed),
      engine,
      tensorflow,
      step: engine.compile(trainStep(training)),
      gradNorms: engine.compile(gradNormStep(training)),
      evaluate: engine.compile(evaluateStep(task, student, undefined, normalisation)),
      compare: only && engine.compile(evaluateStep(task, student, only, normalisation)),
      evaluateTeachers: teachers.map((teacher) =>
        engine.compile(evaluateStep(task, teacher, undefined, normalisation))
      ),
      close() {
        engine.close();
        opened.close();
      },
    };
  } catch (error) {
    holding?.close();
    opened.close();
    throw error;
  }
}

function parts({ train, test }: Opened, holdout: number, seed: number): Pick<Prepared, "train" | "heldOut"> {
  if (test.size === 0 || train.size === holdout) {
    throw new Failure(2, "the data set has no images left to train or test on");
  }
  if (holdout === 0) return { train };
  const indices = stratified(train.labels, holdout, stream(seed, "holdout"));
  return { train: subset(train, others(train.size, indices)), heldOut: { split: subset(train, indices), indices } };
}

/** The values of the modules that a method takes. */
function valuesOf({ extras }: Stages): ExtraValues {
  return (extra, shape) => {
    if (!extras.has(extra)) {
      throw new Error(`the method makes another's ${extra.name}, which is not among those it takes`);
    }
    const tensors = extras.get(extra)?.(shape);
    return tensors && below("", tensors);
  };
}

/** Values by the names of variables below `prefix`. */
function below(prefix: string, tensors: ReadonlyMap<string, Value>): Map<string, Float32Array> {
  return new Map(Array.from(tensors, ([name, { data }]) => [prefix + name, data as Float32Array]));
}
