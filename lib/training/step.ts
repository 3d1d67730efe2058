import * as tf from "@tensorflow/tfjs";
import type { Scalar } from "@tensorflow/tfjs";
import type { StepFunction, StepOutcome } from "../engine/engine.ts";
import {
  type Loss,
  type LossWithMemory,
  type StepContext,
  type Teachers,
  type Views,
  within,
} from "../experiment/distiller.ts";
import type { Gradients, Optimizer, Roles } from "../experiment/optimizer.ts";
import { type AllReduce, allReduce } from "../kernels/all_reduce.ts";
import { type BatchPart, type Random, randomOf } from "../kernels/random_uniform.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Model, Net, PassOutput } from "../nn/network.ts";
import { passes } from "../nn/pass.ts";
import type { Update, Variable } from "../nn/variables.ts";
import type { LabelName, Labels, Task } from "../tasks/task.ts";
import { ALONE, type Share } from "../values/share.ts";
import {
  type Accumulation,
  addPart,
  clearSums,
  type GradientSums,
  keepSums,
} from "./accumulation.ts";
import { type Average, averageUpdates } from "./average.ts";
import { checkLoss } from "./check_loss.ts";
import { clipGradients } from "./clip.ts";
import { type ImageChanges, type PreparedImages, prepareImages } from "./prepare_images.ts";

/**
 * The inputs of a training step. `rate` has the learning rate of each trial, [trials]; all other
 * inputs are the same for all trials.
 */
export type TrainInput = "image" | "index" | "rate" | "epoch" | "step" | LabelName;

/** The further input of a step over a part of a batch: the part's number, an int32 scalar. */
export type PartInput = "part";

/** The values of a trial in a training step, scalars. */
export type TrainValues = {
  /** The number of images that the means are over, of all workers. */
  readonly images: Tensor;
  /** The sum of the terms' weighted means. */
  readonly loss: Tensor;
  /** Each term's weighted mean. */
  readonly terms: Readonly<Record<string, Tensor>>;
  /** The mean of each value that the method reports. */
  readonly reports: Readonly<Record<string, Tensor>>;
  /** The sums over the batch of the task's measures of the student, beside its only teacher. */
  readonly sums: Readonly<Record<string, Tensor>>;
};

/** The values of a trial in a step that measures gradients, scalars. */
export type GradNormValues = {
  /** The L2 norm of each term's gradient. */
  readonly grads: Readonly<Record<string, Tensor>>;
};

/** Values of each trial of a step, by its position: `0`, `1` … */
export type ByTrial<V> = { readonly [position: string]: V };

/** The parts of one trial in a training step. */
export interface TrainParts extends ImageChanges {
  readonly task: Task;
  readonly student: Model;
  /** No teacher, one, or several in order. */
  readonly teacher: undefined | Model | readonly Model[];
  /** The method's loss. */
  readonly loss: Loss<Net, Teachers>;
  readonly optimizer: Optimizer;
  /** The longest gradient; see `AroundUpdate`. Default: none. */
  readonly clip?: number;
  /** The moving average of the student. Default: none. */
  readonly average?: Average;
  /** The sums over the parts of a batch. Default: a batch is one part. */
  readonly accumulation?: Accumulation;
  /** The variables that may learn. */
  readonly trainable: readonly Variable[];
  /** The student's variables that the method freezes. Default: none. */
  readonly frozenVariables?: ReadonlySet<Variable>;
  /** The run's seed. */
  readonly seed: number;
  /** Number of epochs of the run. */
  readonly epochs: number;
  /** Number of steps of the run. */
  readonly steps: number;
  /**
   * Which of these two the loss has read; each step adds to it. A longer run cannot go on from a
   * run whose loss has read either. Default: nobody asks.
   */
  readonly lengthsRead?: Set<"epochs" | "steps">;
}

/** How the workers of a cluster share a step. */
export interface Parallel {
  /** The part of each batch that this worker has. */
  readonly share: Share;
  /** Whether norms use the statistics of the whole batch, and not of each worker's part. */
  readonly syncNorm: boolean;
  /** The name of the step, the same at all workers, and another one for each step of a process. */
  readonly name: string;
}

/** The step of a process that trains alone. */
export const SOLE: Parallel = { share: ALONE, syncNorm: false, name: "" };

/** The inputs of a step as tensors. `part` is there if the batch is a part of one. */
type StepInputs = { readonly [K in TrainInput]: Tensor } & { readonly [K in PartInput]?: Tensor };

/** A training step of trials. It may get the number of a part too, a `PartInput`. */
export type TrialsStep = StepFunction<TrainInput, ByTrial<TrainValues>>;

/**
 * A training step of trials that see the same images: forward pass, loss, gradients and updates of
 * each. The images are prepared once, as the first trial says: all trials have the same seed, task
 * and changes to images. A teacher that several trials share runs once. A variable that no term
 * reaches stays unchanged: no weight decay, no momentum. With several workers, each has its part of
 * the batch, and all make the same updates: those of the whole batch. Of a batch in parts it takes
 * the last one, and the sums of `accumulateStep` over the others.
 */
export function trainStep(trials: readonly TrainParts[], parallel: Parallel = SOLE): TrialsStep {
  return stepOf(trials, parallel, "train", updateTrial);
}

/**
 * A step over a part of a batch that is not the last: it adds up gradients. Running statistics and
 * memories change as in any step.
 */
export function accumulateStep(
  trials: readonly TrainParts[],
  parallel: Parallel = SOLE,
): TrialsStep {
  return stepOf(trials, parallel, "accumulate", accumulateTrial);
}

function stepOf(
  trials: readonly TrainParts[],
  parallel: Parallel,
  kind: string,
  run: (parts: TrainParts, shared: SharedBatch, rate: Tensor) => StepOutcome<TrainValues>,
): TrialsStep {
  return (inputs: StepInputs) => {
    const rates = tf.unstack(inputs.rate);
    const shared = shareBatch(trials, inputs, parallel, kind);
    const outcomes = trials.map((parts, i) => run(parts, shared, rates[i]));
    return {
      values: byTrial(outcomes.map(({ values }) => values)),
      updates: outcomes.flatMap(({ updates }) => updates),
    };
  };
}

/** The step of one trial on a batch or on its last part. */
function updateTrial(
  parts: TrainParts,
  shared: SharedBatch,
  rate: Tensor,
): StepOutcome<TrainValues> {
  const { optimizer, trainable, clip, accumulation, average } = parts;
  const { forward: { values, changes }, gradients } = shared.average(
    differentiateTrial(parts, shared),
  );
  const reached = new Map(trainable.flatMap((variable, i): [Variable, Gradients][] => {
    const own = gradients.map((group) => group[i]);
    return own.some((gradient) => gradient) ? [[variable, own]] : [];
  }));
  const clipped = clip === undefined ? reached : clipGradients(reached, clip);
  return {
    values,
    updates: [
      ...optimizer.update(clipped, rate),
      ...changes,
      ...accumulation ? clearSums(accumulation, reached.keys()) : [],
      ...average ? averageUpdates(average) : [],
    ],
  };
}

/** The step of one trial on another part of a batch. */
function accumulateTrial(parts: TrainParts, shared: SharedBatch): StepOutcome<TrainValues> {
  const { accumulation, trainable } = parts;
  const { forward, ...sums } = differentiateTrial(parts, shared);
  const { forward: { values, changes } } = shared.average({ ...sums, forward, gradients: [] });
  return { values, updates: [...keepSums(accumulation!, trainable, sums), ...changes] };
}

/** The forward pass and the gradients of one trial, added to those of the parts before this one. */
function differentiateTrial(parts: TrainParts, shared: SharedBatch): Differentiated {
  const { optimizer, trainable, accumulation } = parts;
  const { forward, ...own } = differentiate(
    objective(parts, shared),
    trainable,
    optimizer.groups,
    shared,
  );
  return { forward, ...accumulation ? addPart(accumulation, trainable, own) : own };
}

/**
 * `trainStep`, whose first call also runs each trial's loss on the batch twice over: no other shape
 * then passes for one number per sample by chance, such as [classes] in a batch of as many images.
 */
export function checkedTrainStep(
  trials: readonly TrainParts[],
  parallel: Parallel = SOLE,
): TrialsStep {
  const step = trainStep(trials, parallel);
  let isChecked = false;
  return (inputs) => {
    const outcome = step(inputs);
    if (!isChecked) tf.tidy(() => runForward(trials, twice(inputs)));
    isChecked = true;
    return outcome;
  };
}

/** The inputs of a step on a batch twice over. */
function twice({ rate, epoch, step, part: _, ...batch }: StepInputs): StepInputs {
  const entries = Object.entries<Tensor>(batch).map(([name, x]) => [name, tf.concat([x, x])]);
  return { rate, epoch, step, ...Object.fromEntries(entries) };
}

/** Runs the forward pass of each trial and releases its results. */
function runForward(
  trials: readonly TrainParts[],
  inputs: StepInputs,
): void {
  const shared = shareBatch(trials, inputs, SOLE, "check");
  for (const parts of trials) {
    const { values, changes } = objective(parts, shared)();
    tf.dispose([values, changes.map(({ value }) => value)]);
  }
}

/**
 * A step that measures how strongly each term of each trial pulls at the student: the L2 norm over
 * all of its variables of the gradient of the term's weighted mean. Nothing changes.
 */
export function gradNormStep(
  trials: readonly TrainParts[],
  parallel: Parallel = SOLE,
): StepFunction<TrainInput, ByTrial<GradNormValues>> {
  return (inputs: StepInputs) => {
    const shared = shareBatch(trials, inputs, parallel, "gradient norms");
    return { values: byTrial(trials.map((parts) => gradNorms(parts, shared))), updates: [] };
  };
}

/** The gradient norms of one trial. */
function gradNorms(parts: TrainParts, shared: SharedBatch): GradNormValues {
  const student = new Set(parts.student.variables);
  const { forward: { values, changes }, gradients } = shared.average(differentiate(
    objective(parts, shared),
    parts.trainable.filter((variable) => student.has(variable)),
    (roles) => Array.from(roles.keys(), (name) => [name]),
    shared,
  ));
  tf.dispose([values, changes.map(({ value }) => value)]);
  const grads = Object.keys(values.terms).map((name, i) => [name, norm(gradients[i])]);
  return { grads: Object.fromEntries(grads) };
}

function byTrial<V>(values: readonly V[]): ByTrial<V> {
  return Object.fromEntries(values.entries());
}

/** The L2 norm of these gradients together. 0 if there are none. */
function norm(gradients: Gradients): Tensor {
  const squares = gradients.flatMap((gradient) => gradient ? [tf.sum(tf.square(gradient))] : []);
  return squares.length === 0 ? tf.scalar(0) : tf.sqrt(tf.addN(squares));
}

/** The result of a forward pass of student and method. Its tensors are kept. */
interface Forward {
  readonly values: TrainValues & {
    readonly images: Scalar;
    readonly loss: Scalar;
    readonly terms: Readonly<Record<string, Scalar>>;
  };
  readonly roles: Roles;
  /** The next values of statistics and memories. */
  readonly changes: readonly (Update & { kind: "assign" })[];
}

/** A batch as every trial of a step sees it. */
interface SharedBatch extends PreparedImages {
  readonly labels: Labels;
  readonly index: Tensor;
  readonly epoch: Tensor;
  readonly step: Tensor;
  /** Makes the step's random numbers. Each trial draws the numbers that it would draw alone. */
  readonly random: () => Random;
  /** The outputs of each distinct teacher. */
  readonly teachers: ReadonlyMap<Model, PassOutput>;
  /** Makes the statistics of norms those of the whole batch. `undefined`: those of this part. */
  readonly syncNorm: AllReduce | undefined;
  /** The number of images. */
  readonly images: Tensor;
  /** The factor of a loss before it is differentiated. */
  readonly scale: number;
  /** Turns values and gradients of this worker's images into those of all workers'. */
  readonly average: (own: Differentiated) => Differentiated;
}

/** Prepares the images and runs each distinct teacher on them. */
function shareBatch(
  trials: readonly TrainParts[],
  { image, index, rate: _, epoch, step, part, ...labels }: StepInputs,
  { share, syncNorm, name }: Parallel,
  kind: string,
): SharedBatch {
  const [{ seed, accumulation }] = trials;
  const [count] = image.shape;
  const own = part && accumulation ? partShare(share, part, accumulation.parts) : share;
  const random = () => randomOf(seed, "step", step, { ...own, images: count });
  const prepared = prepareImages(trials[0], image, labels, random());
  const { frozen } = passes();
  const teachers = new Map(
    [...new Set(trials.flatMap(({ teacher }) => teacher ?? []))]
      .map((teacher) => [teacher, teacher.run(prepared.image, frozen)]),
  );
  const images = tf.scalar(count);
  const batch = { ...prepared, labels, index, epoch, step, random, teachers, images };
  if (share.workers === 1 && !accumulation) {
    return { ...batch, syncNorm: undefined, scale: 1, average: (own) => own };
  }
  const reduce = allReduce(share.workers, `${name}/${kind}`);
  return {
    ...batch,
    syncNorm: syncNorm ? reduce : undefined,
    // The gradients of sums add up over parts and workers, also inside of norms.
    scale: count,
    average: (own) => averageOver(own, reduce),
  };
}

/** The share of a whole batch that a part of a worker's images is. */
function partShare(
  { rank, workers }: Share,
  part: Tensor,
  parts: number,
): Omit<BatchPart, "images"> {
  const int = (value: number) => tf.scalar(value, "int32");
  return {
    rank: workers === 1 ? part : tf.add(tf.mul(part, int(workers)), int(rank)),
    workers: parts * workers,
  };
}

/**
 * The means over all workers' images of values and gradients, of which each worker has those of its
 * own: means of values, sums of gradients and of the task's sums.
 */
function averageOver(
  { forward, gradients, images: summed }: Differentiated,
  reduce: AllReduce,
): Differentiated {
  const { values: { images: own, loss, terms, reports, sums } } = forward;
  const means = [loss, ...Object.values(terms), ...Object.values(reports)];
  const present = gradients.flat().flatMap((gradient) => gradient ?? []);
  const [images, count, ...totals] = reduce([
    own,
    summed,
    ...means.map((mean) => tf.mul(mean, own)),
    ...Object.values(sums),
    ...present,
  ]);
  // Sums over one worker may be the same tensors.
  const kept = (value: Tensor) => tf.keep(tf.clone(value)) as Scalar;
  const next = () => totals.shift()!;
  const average = () => kept(tf.div(next(), images));
  const each = <T>(named: Readonly<Record<string, Tensor>>, make: () => T) =>
    Object.fromEntries(Object.keys(named).map((name) => [name, make()]));
  const values = {
    images: kept(images),
    loss: average(),
    terms: each(terms, average),
    reports: each(reports, average),
    sums: each(sums, () => kept(next())),
  };
  tf.dispose([forward.values]);
  return {
    forward: { ...forward, values },
    gradients: gradients.map((group) => group.map((gradient) => gradient && tf.div(next(), count))),
    images: count,
  };
}

/**
 * Returns the function to differentiate. It computes the passes of student and method when it is
 * called.
 */
function objective(
  parts: TrainParts,
  { image: images, views, pairing, labels, index, epoch, step, ...shared }: SharedBatch,
): () => Forward {
  const random = shared.random();
  const { live, frozen, remembered } = passes(
    parts.frozenVariables,
    shared.syncNorm,
    random.in("layers"),
  );
  const target = parts.task.target(labels, { pairing, random: random.in("task") });
  const outputOf = (teacher: Model) => shared.teachers.get(teacher)!;
  const teacher = Array.isArray(parts.teacher)
    ? parts.teacher.map(outputOf)
    : parts.teacher && outputOf(parts.teacher as Model);
  return () => {
    const student = parts.student.run(images, live);
    const context: Omit<StepContext<Net, undefined>, "teacher"> & Views<string> = {
      ...target.given,
      student,
      image: images,
      views,
      index,
      epoch,
      get epochs() {
        parts.lengthsRead?.add("epochs");
        return parts.epochs;
      },
      step,
      get steps() {
        parts.lengthsRead?.add("steps");
        return parts.steps;
      },
      random: random.in("distiller"),
      live,
      frozen,
      task: target.loss,
      measure: (output) => target.measure(output),
      mask: () => undefined,
    };
    const loss = checkLoss(
      parts.loss(within(context, { teacher })),
      images.shape[0],
      parts.frozenVariables,
    );
    const measures = target.measure(student, Array.isArray(teacher) ? undefined : teacher);
    return keepForward(loss, measures, remembered, shared.images);
  };
}

/** Keeps the means of a loss over `images`, the sums of measures, and the next values. */
function keepForward(
  { terms, writes, reports = {} }: LossWithMemory,
  measures: Readonly<Record<string, Tensor>>,
  remembered: readonly (readonly [Variable, Tensor])[],
  images: Tensor,
): Forward {
  const means = Object.entries(terms).map(([name, [weight, perSample]]): [string, Scalar] => [
    name,
    tf.keep(tf.mul(tf.mean(perSample), weight)),
  ]);
  // A written value may be that of another variable, which itself changes in this step.
  const written = writes.map(([to, value]) => [to, tf.clone(value)] as const);
  const each = (values: Readonly<Record<string, Tensor>>, reduce: (x: Tensor) => Tensor) =>
    Object.fromEntries(
      Object.entries(values).map(([name, perSample]) => [name, tf.keep(reduce(perSample))]),
    );
  return {
    roles: new Map(Object.entries(terms).map(([name, [, , role]]) => [name, role])),
    values: {
      images: tf.keep(tf.clone(images)) as Scalar,
      loss: tf.keep(tf.addN(means.map(([, mean]) => mean))) as Scalar,
      terms: Object.fromEntries(means),
      reports: each(reports, (perSample) => tf.mean(tf.cast(perSample, "float32"))),
      sums: each(measures, (perSample) => tf.sum(perSample)),
    },
    changes: [...remembered, ...written].map(([variable, value]) => ({
      kind: "assign",
      variable,
      value: tf.keep(value),
    })),
  };
}

/** A forward pass and gradients, by group of terms. */
interface Differentiated extends GradientSums {
  readonly forward: Forward;
}

/**
 * Runs a forward pass and computes the gradients of its loss or, with `groups`, those of each group
 * of terms, times the batch's `scale`. A variable that no term of a group reaches has no gradient there.
 */
function differentiate(
  objective: () => Forward,
  variables: readonly Variable[],
  groups: Optimizer["groups"],
  { scale, images }: Pick<SharedBatch, "scale" | "images">,
): Differentiated {
  const engine = tf.engine();
  const xs = variables.map(({ value }) => value);
  const gradientsOf = (sum: () => Scalar): Gradients =>
    engine.gradients(() => scale === 1 ? sum() : tf.mul(sum(), scale), xs, undefined, true).grads;
  let forward!: Forward;
  if (!groups) {
    const gradients = [gradientsOf(() => (forward = objective()).values.loss)];
    return { forward, gradients, images };
  }
  let kept: Gradients[] = [];
  // Inside of another gradient's function tfjs keeps the tape: one forward pass serves a backward
  // pass for each group.
  engine.gradients(
    () => {
      forward = objective();
      const { roles, values: { terms, loss } } = forward;
      const sums = groups(roles).map((names) => names.map((name) => terms[name]));
      kept = sums.map((sums) =>
        sums.length === 0 || xs.length === 0
          ? []
          : gradientsOf(() => tf.addN(sums)).map((one) => one && tf.keep(one))
      );
      return loss;
    },
    [tf.scalar(0)],
    undefined,
    true,
  );
  // Kept tensors would outlive the step.
  const gradients = kept.map((group) => group.map((gradient) => gradient && tf.clone(gradient)));
  kept.forEach((group) => group.forEach((gradient) => gradient?.dispose()));
  return { forward, gradients, images };
}
