import * as tf from "@tensorflow/tfjs";
import type { Scalar } from "@tensorflow/tfjs";
import { augment, normalisePixels } from "../data/augment.ts";
import type { Augmentation, Mix, Normalisation } from "../data/dataset.ts";
import type { StepFunction, StepOutcome, Values } from "../engine/engine.ts";
import type { Loss, StepContext, Teachers, Views } from "../experiment/distiller.ts";
import type { Gradients, Optimizer, Roles } from "../experiment/optimizer.ts";
import { type AllReduce, allReduce } from "../kernels/all_reduce.ts";
import { type Random, randomOf, rowsOf } from "../kernels/random_uniform.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Model, Net, Output } from "../nn/network.ts";
import { passes } from "../nn/pass.ts";
import type { Update, Variable } from "../nn/variables.ts";
import type { LabelName, Labels, Pairing, Task } from "../tasks/task.ts";
import { ALONE, type Share } from "../values/share.ts";
import { checkLoss } from "./check_loss.ts";

/**
 * The inputs of a training step. `rate` has the learning rate of each trial, [trials]; all other
 * inputs are the same for all trials.
 */
export type TrainInput = "image" | "index" | "rate" | "epoch" | "step" | LabelName;

/** The values of a trial in a training step, scalars. */
export type TrainValues = {
  /** The sum of the terms' weighted means. */
  readonly loss: Tensor;
  /** Each term's weighted mean. */
  readonly terms: Readonly<Record<string, Tensor>>;
  /** The mean of each value that the method reports. */
  readonly reports: Readonly<Record<string, Tensor>>;
  /** The task's sums over the batch for the student's output, by measure. */
  readonly sums: Readonly<Record<string, Tensor>>;
};

/** The values of a trial in a step that measures gradients, scalars. */
export type GradNormValues = {
  /** The L2 norm of each term's gradient. */
  readonly grads: Readonly<Record<string, Tensor>>;
};

/** Values of each trial of a step, by its position: `0`, `1` … */
export type ByTrial<V> = { readonly [position: string]: V };

/** A value of a step, with its name in messages. */
export type NamedValue = readonly [name: string, value: Float32Array];

/** Lists the values of a training step, the loss last: a term says more about what went wrong. */
export function listValues({ loss, terms, reports, sums }: Values<TrainValues>): NamedValue[] {
  return [...Object.entries(terms), ...list("report", reports), ...Object.entries(sums), [
    "loss",
    loss,
  ]];
}

/** Lists the norms of a step's gradients. */
export function listGradNorms({ grads }: Values<GradNormValues>): NamedValue[] {
  return list("grad", grads);
}

function list(group: string, values: { readonly [name: string]: Float32Array }): NamedValue[] {
  return Object.entries(values).map(([name, value]) => [`${group}/${name}`, value]);
}

/** The parts of one trial in a training step. */
export interface TrainParts {
  readonly task: Task;
  readonly student: Model;
  /** No teacher, one, or several in order. */
  readonly teacher: undefined | Model | readonly Model[];
  /** The method's loss. */
  readonly loss: Loss<Net, Teachers>;
  readonly optimizer: Optimizer;
  /** The variables that may learn. */
  readonly trainable: readonly Variable[];
  /** The student's variables that the method freezes. Default: none. */
  readonly frozenVariables?: ReadonlySet<Variable>;
  /** Random changes to the images. */
  readonly augmentation: Augmentation;
  /** Converts pixels to the networks' input. */
  readonly normalisation: Normalisation;
  /** How to mix the images. Default: not at all. */
  readonly mix?: Mix;
  /** Random changes to further views of the images. Default: no views. */
  readonly views?: { readonly [name: string]: Augmentation };
  /** The run's seed. */
  readonly seed: number;
  /** Number of epochs of the run. */
  readonly epochs: number;
  /** Number of steps of the run. */
  readonly steps: number;
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

/**
 * A training step of trials that see the same images: forward pass, loss, gradients and updates of
 * each. The images are prepared once, as the first trial says: all trials have the same seed, task
 * and changes to images. A teacher that several trials share runs once. A variable that no term
 * reaches stays unchanged: no weight decay, no momentum. With several workers, each has its part of
 * the batch, and all make the same updates: those of the whole batch.
 */
export function trainStep(
  trials: readonly TrainParts[],
  parallel: Parallel = SOLE,
): StepFunction<TrainInput, ByTrial<TrainValues>> {
  return (inputs) => {
    const rates = tf.unstack(inputs.rate);
    const shared = shareBatch(trials, inputs, parallel, "train");
    const outcomes = trials.map((parts, i) => trainTrial(parts, shared, rates[i]));
    return {
      values: byTrial(outcomes.map(({ values }) => values)),
      updates: outcomes.flatMap(({ updates }) => updates),
    };
  };
}

/** The step of one trial. */
function trainTrial(
  parts: TrainParts,
  shared: SharedBatch,
  rate: Tensor,
): StepOutcome<TrainValues> {
  const { optimizer, trainable } = parts;
  const { forward: { values, changes }, gradients } = shared.average(differentiate(
    objective(parts, shared),
    trainable,
    optimizer.groups,
    shared.scale,
  ));
  const entries = trainable.flatMap((variable, i): [Variable, Gradients][] => {
    const own = gradients.map((group) => group[i]);
    return own.some((gradient) => gradient) ? [[variable, own]] : [];
  });
  const updates = optimizer.update(new Map(entries), rate);
  return { values, updates: [...updates, ...changes] };
}

/**
 * `trainStep`, whose first call also runs each trial's loss on the batch twice over: no other shape
 * then passes for one number per sample by chance, such as [classes] in a batch of as many images.
 */
export function checkedTrainStep(
  trials: readonly TrainParts[],
  parallel: Parallel = SOLE,
): StepFunction<TrainInput, ByTrial<TrainValues>> {
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
function twice(
  { rate, epoch, step, ...batch }: { readonly [K in TrainInput]: Tensor },
): { readonly [K in TrainInput]: Tensor } {
  const entries = Object.entries<Tensor>(batch).map(([name, x]) => [name, tf.concat([x, x])]);
  return { rate, epoch, step, ...Object.fromEntries(entries) };
}

/** Runs the forward pass of each trial and releases its results. */
function runForward(
  trials: readonly TrainParts[],
  inputs: { readonly [K in TrainInput]: Tensor },
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
  return (inputs) => {
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
    shared.scale,
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
  readonly teachers: ReadonlyMap<Model, Output>;
  /** Makes the statistics of norms those of the whole batch. `undefined`: those of this part. */
  readonly syncNorm: AllReduce | undefined;
  /** The factor of a loss before it is differentiated. `undefined`: 1. */
  readonly scale: number | undefined;
  /** Turns values and gradients of this worker's part into those of the whole batch. */
  readonly average: (own: Differentiated) => Differentiated;
}

/** Prepares the images and runs each distinct teacher on them. */
function shareBatch(
  trials: readonly TrainParts[],
  { image, index, rate: _, epoch, step, ...labels }: { readonly [K in TrainInput]: Tensor },
  { share, syncNorm, name }: Parallel,
  kind: string,
): SharedBatch {
  const [images] = image.shape;
  const random = () => rowsOf(randomOf(trials[0].seed, "step", step), share, images);
  const prepared = prepareImages(trials[0], image, random());
  const { frozen } = passes();
  const teachers = new Map(
    [...new Set(trials.flatMap(({ teacher }) => teacher ?? []))]
      .map((teacher) => [teacher, teacher.run(prepared.image, frozen)]),
  );
  const batch = { ...prepared, labels, index, epoch, step, random, teachers };
  if (share.workers === 1) {
    return { ...batch, syncNorm: undefined, scale: undefined, average: (own) => own };
  }
  const reduce = allReduce(share.workers, `${name}/${kind}`);
  return {
    ...batch,
    syncNorm: syncNorm ? reduce : undefined,
    // The gradients of sums add up over the workers, also inside of norms.
    scale: images,
    average: (own) => averageOver(own, images, reduce),
  };
}

/**
 * The means over the whole batch of values and gradients, of which each worker has those of its
 * `images` images: means of values, sums of gradients and of the task's sums.
 */
function averageOver(
  { forward, gradients }: Differentiated,
  images: number,
  reduce: AllReduce,
): Differentiated {
  const { values: { loss, terms, reports, sums } } = forward;
  const means = [loss, ...Object.values(terms), ...Object.values(reports)];
  const present = gradients.flat().flatMap((gradient) => gradient ?? []);
  const [count, ...totals] = reduce([
    tf.scalar(images),
    ...means.map((mean) => tf.mul(mean, images)),
    ...Object.values(sums),
    ...present,
  ]);
  tf.dispose([forward.values]);
  const next = () => totals.shift()!;
  const average = () => tf.keep(tf.div(next(), count)) as Scalar;
  const each = <T>(named: Readonly<Record<string, Tensor>>, make: () => T) =>
    Object.fromEntries(Object.keys(named).map((name) => [name, make()]));
  return {
    forward: {
      ...forward,
      values: {
        loss: average(),
        terms: each(terms, average),
        reports: each(reports, average),
        sums: each(sums, () => tf.keep(next())),
      },
    },
    gradients: gradients.map((group) => group.map((gradient) => gradient && tf.div(next(), count))),
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
      epochs: parts.epochs,
      step,
      steps: parts.steps,
      random: random.in("distiller"),
      live,
      frozen,
      task: target.loss,
      mask: () => undefined,
    };
    const result = parts.loss({ ...context, teacher });
    const { terms, writes, reports = {} } = checkLoss(
      result,
      images.shape[0],
      parts.frozenVariables,
    );
    const means = Object.entries(terms).map(([name, [weight, perSample]]): [string, Scalar] => [
      name,
      tf.keep(tf.mul(tf.mean(perSample), weight)),
    ]);
    return {
      roles: new Map(Object.entries(terms).map(([name, [, , role]]) => [name, role])),
      values: {
        loss: tf.keep(tf.addN(means.map(([, mean]) => mean))) as Scalar,
        terms: Object.fromEntries(means),
        reports: Object.fromEntries(
          Object.entries(reports).map(([name, perSample]) => [name, tf.keep(tf.mean(perSample))]),
        ),
        sums: Object.fromEntries(
          Object.entries(target.sums(student)).map(([measure, sum]) => [measure, tf.keep(sum)]),
        ),
      },
      changes: [...remembered, ...writes].map(([variable, value]) => ({
        kind: "assign",
        variable,
        value: tf.keep(value),
      })),
    };
  };
}

/** The images of a batch as networks see them. */
interface PreparedImages {
  readonly image: Tensor;
  /** The same images, augmented in other ways. */
  readonly views: { readonly [name: string]: Tensor };
  /** How the images were mixed. `undefined` if they were not. */
  readonly pairing?: Pairing;
}

/** Augments, normalises and mixes the images and their further views. */
function prepareImages(
  { augmentation, normalisation, mix, views = {} }: TrainParts,
  image: Tensor,
  random: Random,
): PreparedImages {
  // The same random numbers mix each view, so that it has the same labels.
  const prepare = (augmentation: Augmentation, stream: string) => {
    const images = normalisePixels(augment(image, augmentation, random.in(stream)), normalisation);
    return mix?.mix(images, random.in("mix")) ?? { image: images };
  };
  const mixed = prepare(augmentation, "augment");
  return {
    image: mixed.image,
    views: Object.fromEntries(
      Object.entries(views).map((
        [name, augmentation],
      ) => [name, prepare(augmentation, `augment/${name}`).image]),
    ),
    pairing: "partner" in mixed ? mixed : undefined,
  };
}

/** A forward pass and its gradients, by group of terms. */
interface Differentiated {
  readonly forward: Forward;
  readonly gradients: readonly Gradients[];
}

/**
 * Runs a forward pass and computes the gradients of its loss or, with `groups`, those of each group
 * of terms, times `scale`. A variable that no term of a group reaches has no gradient there.
 */
function differentiate(
  objective: () => Forward,
  variables: readonly Variable[],
  groups: Optimizer["groups"],
  scale = 1,
): Differentiated {
  const engine = tf.engine();
  const xs = variables.map(({ value }) => value);
  const gradientsOf = (sum: () => Scalar): Gradients =>
    engine.gradients(() => scale === 1 ? sum() : tf.mul(sum(), scale), xs, undefined, true).grads;
  let forward!: Forward;
  if (!groups) {
    return { gradients: [gradientsOf(() => (forward = objective()).values.loss)], forward };
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
  return { forward, gradients };
}
