import * as tf from "@tensorflow/tfjs";
import type { Scalar } from "@tensorflow/tfjs";
import { augment, normalisePixels } from "../data/augment.ts";
import type { Augmentation, Mix, Normalisation } from "../data/dataset.ts";
import type { Traced, Values } from "../engine/engine.ts";
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

/** The inputs of a training step. */
export type TrainInput = "image" | "index" | "rate" | "epoch" | "step" | LabelName;

/** The values of a training step, scalars. */
export type TrainValues = {
  /** The sum of the terms' weighted means. */
  readonly loss: Tensor;
  /** Each term's weighted mean. */
  readonly terms: Readonly<Record<string, Tensor>>;
  /** The mean of each thing that the method reports. */
  readonly reports: Readonly<Record<string, Tensor>>;
  /** The task's sums over the batch of what the student reaches, by measure. */
  readonly sums: Readonly<Record<string, Tensor>>;
};

/** The values of a step that measures gradients, scalars. */
export type GradNormValues = {
  /** The L2 norm of each term's gradient. */
  readonly grads: Readonly<Record<string, Tensor>>;
};

/** A value of a step, with the name that a message gives it. */
export type NamedValue = readonly [name: string, value: Float32Array];

/**
 * The values of a training step one after the other, the loss last: a term says more of what went
 * wrong.
 */
export function listValues({ loss, terms, reports, sums }: Values<TrainValues>): NamedValue[] {
  return [...Object.entries(terms), ...list("report", reports), ...Object.entries(sums), [
    "loss",
    loss,
  ]];
}

/** The norms of a step's gradients one after the other. */
export function listGradNorms({ grads }: Values<GradNormValues>): NamedValue[] {
  return list("grad", grads);
}

function list(group: string, values: { readonly [name: string]: Float32Array }): NamedValue[] {
  return Object.entries(values).map(([name, value]) => [`${group}/${name}`, value]);
}

/** Everything a training step is made of. */
export interface TrainParts {
  /** What is learned. */
  readonly task: Task;
  /** The network that learns. */
  readonly student: Model;
  /** What teaches it: nobody, one, or several in order. */
  readonly teacher: undefined | Model | readonly Model[];
  /** The method's loss. */
  readonly loss: Loss<Net, Teachers>;
  /** What becomes of gradients. */
  readonly optimizer: Optimizer;
  /** The variables that may learn. */
  readonly trainable: readonly Variable[];
  /** The student's variables that the method leaves as they are; absent: none. */
  readonly frozenVariables?: ReadonlySet<Variable>;
  /** How images are changed at random. */
  readonly augmentation: Augmentation;
  /** How pixels become inputs. */
  readonly normalisation: Normalisation;
  /** How images are mixed. */
  readonly mix?: Mix;
  /** How further views of the images are changed at random. */
  readonly views?: { readonly [name: string]: Augmentation };
  /** The run's seed. */
  readonly seed: number;
}

/**
 * One training step: forward, loss, gradients, update. A variable that no term reaches is left
 * alone: no decay, no momentum.
 */
export function trainStep(parts: TrainParts): Traced<TrainInput, TrainValues> {
  const { optimizer, trainable } = parts;
  return (inputs) => {
    const { forward: { values, changes }, gradients } = differentiate(
      objective(parts, inputs),
      trainable,
      optimizer.groups,
    );
    const reached = trainable.flatMap((variable, i): [Variable, Gradients][] => {
      const own = gradients.map((group) => group[i]);
      return own.some((gradient) => gradient) ? [[variable, own]] : [];
    });
    const updates = optimizer.update(new Map(reached), inputs.rate);
    return { values, updates: [...updates, ...changes] };
  };
}

/**
 * How strongly each term pulls at the student: the L2 norm over all of its variables of the
 * gradient of the term's weighted mean. Nothing changes.
 */
export function gradNormStep(parts: TrainParts): Traced<TrainInput, GradNormValues> {
  const student = new Set(parts.student.variables);
  const learning = parts.trainable.filter((variable) => student.has(variable));
  return (inputs) => {
    const { forward: { values, changes }, gradients } = differentiate(
      objective(parts, inputs),
      learning,
      (roles) => Array.from(roles.keys(), (name) => [name]),
    );
    tf.dispose([values, changes.map(({ value }) => value)]);
    const grads = Object.keys(values.terms).map((name, i) => [name, norm(gradients[i])]);
    return { values: { grads: Object.fromEntries(grads) }, updates: [] };
  };
}

/** The L2 norm of all of these together, 0 where there are none. */
function norm(gradients: Gradients): Tensor {
  const squares = gradients.flatMap((gradient) => gradient ? [tf.sum(tf.square(gradient))] : []);
  return squares.length === 0 ? tf.scalar(0) : tf.sqrt(tf.addN(squares));
}

/** What a forward pass of student and method gives; its tensors are kept. */
interface Forward {
  /** The step's values. */
  readonly values: TrainValues & {
    readonly loss: Scalar;
    readonly terms: Readonly<Record<string, Scalar>>;
  };
  /** Each term's role. */
  readonly roles: Roles;
  /** The next values of statistics and memories. */
  readonly changes: readonly (Update & { kind: "assign" })[];
}

/**
 * What is differentiated: images and the teachers' passes are made here, those of student and
 * method when it is called.
 */
function objective(
  parts: TrainParts,
  { image, index, rate: _, epoch, step, ...labels }: { readonly [K in TrainInput]: Tensor },
): () => Forward {
  const random = randomOf(parts.seed, "step", step);
  const { live, frozen, remembered } = passes(parts.frozenVariables);
  const { image: images, views, pairing } = input(parts, image, random);
  const target = parts.task.target(labels, { pairing, random: random.in("task") });
  const teach = (teacher: Model) => teacher.run(images, frozen);
  const teacher = Array.isArray(parts.teacher)
    ? parts.teacher.map(teach)
    : parts.teacher && teach(parts.teacher as Model);
  return () => {
    const student = parts.student.run(images, live);
    const given: Omit<StepContext<Net, undefined>, "teacher"> & Views<string> = {
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
      parts.loss({ ...given, teacher }),
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

/** The images that the networks are given, and how they were mixed. */
function input(
  { augmentation, normalisation, mix, views = {} }: TrainParts,
  image: Tensor,
  random: Random,
): { readonly image: Tensor; readonly views: Record<string, Tensor>; readonly pairing?: Pairing } {
  // Each view is mixed by the same random numbers, so that it has the same labels.
  const seen = (augmentation: Augmentation, stream: string) => {
    const images = normalisePixels(augment(image, augmentation, random.in(stream)), normalisation);
    return mix?.mix(images, random.in("mix")) ?? { image: images };
  };
  const mixed = seen(augmentation, "augment");
  return {
    image: mixed.image,
    views: Object.fromEntries(
      Object.entries(views).map((
        [name, augmentation],
      ) => [name, seen(augmentation, `augment/${name}`).image]),
    ),
    pairing: "partner" in mixed ? mixed : undefined,
  };
}

/**
 * A forward pass and the gradients of its loss, or apart those of each group of terms, in which a
 * variable that none of them reaches has none.
 */
function differentiate(
  objective: () => Forward,
  variables: readonly Variable[],
  groups: Optimizer["groups"],
): { readonly forward: Forward; readonly gradients: readonly Gradients[] } {
  const engine = tf.engine();
  const xs = variables.map(({ value }) => value);
  const of = (sum: () => Scalar): Gradients => engine.gradients(sum, xs, undefined, true).grads;
  let forward!: Forward;
  if (!groups) return { gradients: [of(() => (forward = objective()).values.loss)], forward };
  let kept: Gradients[] = [];
  // Within another gradient's function the tape is not thrown away: one forward pass serves a
  // backward pass for each group.
  engine.gradients(
    () => {
      forward = objective();
      const { roles, values: { terms, loss } } = forward;
      const sums = groups(roles).map((names) => names.map((name) => terms[name]));
      kept = sums.map((sums) =>
        sums.length === 0 || xs.length === 0
          ? []
          : of(() => tf.addN(sums)).map((one) => one && tf.keep(one))
      );
      return loss;
    },
    [tf.scalar(0)],
    undefined,
    true,
  );
  // What was kept would outlive the step.
  const gradients = kept.map((group) => group.map((gradient) => gradient && tf.clone(gradient)));
  kept.forEach((group) => group.forEach((gradient) => gradient?.dispose()));
  return { forward, gradients };
}
