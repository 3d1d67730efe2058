import * as tf from "@tensorflow/tfjs";
import type { Scalar } from "@tensorflow/tfjs";
import { augment, normalisePixels } from "../data/augment.ts";
import type { Augmentation, Mix, Normalisation } from "../data/dataset.ts";
import type { StepFunction, Values } from "../engine/engine.ts";
import {
  type Loss,
  type StepContext,
  type Teachers,
  type Views,
  withMemory,
} from "../experiment/distiller.ts";
import type { Gradients, Optimizer, Roles } from "../experiment/optimizer.ts";
import { type Random, randomOf } from "../kernels/random_uniform.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Model, Net } from "../nn/network.ts";
import { passes } from "../nn/pass.ts";
import type { Update, Variable } from "../nn/variables.ts";
import type { LabelName, Pairing, Task } from "../tasks/task.ts";
import { Failure } from "../values/failure.ts";

/** The inputs of a training step. */
export type TrainInput = "image" | "index" | "rate" | "epoch" | "step" | LabelName;

/** The values of a training step, scalars. */
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

/** The values of a step that measures gradients, scalars. */
export type GradNormValues = {
  /** The L2 norm of each term's gradient. */
  readonly grads: Readonly<Record<string, Tensor>>;
};

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

/** The parts of a training step. */
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
}

/**
 * A training step: forward pass, loss, gradients, updates. A variable that no term reaches stays
 * unchanged: no weight decay, no momentum.
 */
export function trainStep(parts: TrainParts): StepFunction<TrainInput, TrainValues> {
  const { optimizer, trainable } = parts;
  return (inputs) => {
    const { forward: { values, changes }, gradients } = differentiate(
      objective(parts, inputs),
      trainable,
      optimizer.groups,
    );
    const entries = trainable.flatMap((variable, i): [Variable, Gradients][] => {
      const own = gradients.map((group) => group[i]);
      return own.some((gradient) => gradient) ? [[variable, own]] : [];
    });
    const updates = optimizer.update(new Map(entries), inputs.rate);
    return { values, updates: [...updates, ...changes] };
  };
}

/**
 * A step that measures how strongly each term pulls at the student: the L2 norm over all of its
 * variables of the gradient of the term's weighted mean. Nothing changes.
 */
export function gradNormStep(parts: TrainParts): StepFunction<TrainInput, GradNormValues> {
  const student = new Set(parts.student.variables);
  const variables = parts.trainable.filter((variable) => student.has(variable));
  return (inputs) => {
    const { forward: { values, changes }, gradients } = differentiate(
      objective(parts, inputs),
      variables,
      (roles) => Array.from(roles.keys(), (name) => [name]),
    );
    tf.dispose([values, changes.map(({ value }) => value)]);
    const grads = Object.keys(values.terms).map((name, i) => [name, norm(gradients[i])]);
    return { values: { grads: Object.fromEntries(grads) }, updates: [] };
  };
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

/**
 * Returns the function to differentiate. Images and the teachers' passes are computed here, those
 * of student and method when it is called.
 */
function objective(
  parts: TrainParts,
  { image, index, rate: _, epoch, step, ...labels }: { readonly [K in TrainInput]: Tensor },
): () => Forward {
  const random = randomOf(parts.seed, "step", step);
  const { live, frozen, remembered } = passes(parts.frozenVariables);
  const { image: images, views, pairing } = prepareImages(parts, image, random);
  const target = parts.task.target(labels, { pairing, random: random.in("task") });
  const runTeacher = (teacher: Model) => teacher.run(images, frozen);
  const teacher = Array.isArray(parts.teacher)
    ? parts.teacher.map(runTeacher)
    : parts.teacher && runTeacher(parts.teacher as Model);
  return () => {
    const student = parts.student.run(images, live);
    const context: Omit<StepContext<Net, undefined>, "teacher"> & Views<string> = {
      ...target.given,
      student,
      image: images,
      views,
      index,
      epoch,
      random: random.in("distiller"),
      live,
      frozen,
      task: target.loss,
      mask: () => undefined,
    };
    const { terms, writes, reports = {} } = withMemory(
      parts.loss({ ...context, teacher }),
    );
    const means = Object.entries(terms).map(([name, [weight, perSample]]): [string, Scalar] => [
      name,
      tf.keep(tf.mul(tf.mean(perSample), weight)),
    ]);
    if (means.length === 0) {
      throw new Failure(2, "the method's loss has no terms: return at least one");
    }
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

/** Augments, normalises and mixes the images and their further views. */
function prepareImages(
  { augmentation, normalisation, mix, views = {} }: TrainParts,
  image: Tensor,
  random: Random,
): { readonly image: Tensor; readonly views: Record<string, Tensor>; readonly pairing?: Pairing } {
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

/**
 * Runs a forward pass and computes the gradients of its loss or, with `groups`, those of each group
 * of terms. A variable that no term of a group reaches has no gradient there.
 */
function differentiate(
  objective: () => Forward,
  variables: readonly Variable[],
  groups: Optimizer["groups"],
): { readonly forward: Forward; readonly gradients: readonly Gradients[] } {
  const engine = tf.engine();
  const xs = variables.map(({ value }) => value);
  const gradientsOf = (sum: () => Scalar): Gradients =>
    engine.gradients(sum, xs, undefined, true).grads;
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
