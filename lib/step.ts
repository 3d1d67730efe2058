import * as tf from "@tensorflow/tfjs";
import type { Scalar } from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { augment, normalise } from "./augment.ts";
import type { Augmentation, Mix, Normalisation } from "./dataset.ts";
import { type HardLabels, type Loss, remembering, type Step, type Teachers, type Views } from "./distiller.ts";
import { gather } from "./kernels/gather.ts";
import { type Random, randomOf } from "./kernels/random_uniform.ts";
import { passes } from "./layers.ts";
import type { Net, Player, Scorer } from "./network.ts";
import { kl } from "./ops.ts";
import type { Gradients, Optimizer, Roles } from "./optimizer.ts";
import { classificationLoss, correct, type Label, topK } from "./tasks/classification.ts";
import type { Update, Variable } from "./variables.ts";

/** What a function of tensors gives: values to look at and changes to make. */
export interface Outcome {
  /** Named values. */
  readonly values: { readonly [name: string]: Tensor };
  /** Changes to variables, made in this order. */
  readonly updates: readonly Update[];
}

/** A pure function of named tensors and of the variables' values: what an engine compiles or runs eagerly. */
export type Traced<I extends string> = (inputs: { readonly [K in I]: Tensor }) => Outcome;

/** The inputs of a training step. */
export type TrainInput = "image" | "label" | "index" | "rate" | "epoch" | "step";

/** The inputs of an evaluation. */
export type EvaluateInput = "image" | "label";

/** Everything a training step is made of. */
export interface TrainParts {
  /** The network that learns. */
  readonly student: Player;
  /** What teaches it: nobody, one, or several in order. */
  readonly teacher: undefined | Player | readonly Player[];
  /** The method's loss. */
  readonly loss: Loss<Net, Teachers>;
  /** What becomes of gradients. */
  readonly optimizer: Optimizer;
  /** The variables that may learn. */
  readonly trainable: readonly Variable[];
  /** The student's variables that the method leaves as they are; absent: none. */
  readonly untouched?: ReadonlySet<Variable>;
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
 * One training step: forward, loss, gradients, update. The values are each term's weighted mean under
 * `loss/<name>`, their sum as `loss`, the mean of what the method reports under `report/<name>`, and how many of the batch
 * the student got right as `correct`. A variable that no term reaches is left alone: no decay, no momentum.
 */
export function trainStep(parts: TrainParts): Traced<TrainInput> {
  const { optimizer, trainable } = parts;
  return (inputs) => {
    const { forward: { means, loss, correct, reports, changes }, gradients } = differentiate(
      objective(parts, inputs),
      trainable,
      optimizer.groups,
    );
    const terms = Object.entries(means).map(([name, mean]) => [`loss/${name}`, mean]);
    const reached = trainable.flatMap((variable, i): [Variable, Gradients][] => {
      const own = gradients.map((group) => group[i]);
      return own.some((gradient) => gradient) ? [[variable, own]] : [];
    });
    const updates = optimizer.update(new Map(reached), inputs.rate);
    return { values: { ...Object.fromEntries(terms), ...reports, correct, loss }, updates: [...updates, ...changes] };
  };
}

/**
 * How strongly each term pulls at the student: the L2 norm over all of its variables of the gradient of the term's weighted
 * mean, under `grad/<name>`. Nothing changes.
 */
export function gradNormStep(parts: TrainParts): Traced<TrainInput> {
  const student = new Set(parts.student.variables),
    learning = parts.trainable.filter((variable) => student.has(variable));
  return (inputs) => {
    const { forward, gradients } = differentiate(
      objective(parts, inputs),
      learning,
      (roles) => Array.from(roles.keys(), (name) => [name]),
    );
    const { means, loss, correct, reports, changes } = forward;
    tf.dispose([loss, correct, ...[means, reports].flatMap(Object.values), ...changes.map(({ value }) => value)]);
    const norms = Object.keys(means).map((name, i) => [`grad/${name}`, norm(gradients[i])]);
    return { values: Object.fromEntries(norms), updates: [] };
  };
}

/** The L2 norm of all of these together, 0 where there are none. */
function norm(gradients: Gradients): Tensor {
  const squares = gradients.flatMap((gradient) => gradient ? [tf.sum(tf.square(gradient))] : []);
  return squares.length === 0 ? tf.scalar(0) : tf.sqrt(tf.addN(squares));
}

/** What a forward pass of student and method gives; its tensors are kept. */
interface Forward {
  /** Each term's weighted mean. */
  readonly means: Readonly<Record<string, Scalar>>;
  /** Each term's role. */
  readonly roles: Roles;
  /** Their sum. */
  readonly loss: Scalar;
  /** How many of the batch the student got right. */
  readonly correct: Tensor;
  /** The mean of each thing that the method reports, under `report/<name>`. */
  readonly reports: Readonly<Record<string, Tensor>>;
  /** The next values of statistics and memories. */
  readonly changes: readonly (Update & { kind: "assign" })[];
}

/** What is differentiated: images and the teachers' passes are made here, those of student and method when it is called. */
function objective(
  parts: TrainParts,
  { image, label, index, epoch, step }: { readonly [K in TrainInput]: Tensor },
): () => Forward {
  const random = randomOf(parts.seed, "step", step), { live, frozen, remembered } = passes(parts.untouched);
  const { image: images, views, labels } = input(parts, image, label, random);
  const teach = (teacher: Player) => teacher.run(images, frozen);
  const teacher = Array.isArray(parts.teacher)
    ? parts.teacher.map(teach)
    : parts.teacher && teach(parts.teacher as Player);
  return () => {
    const student = parts.student.run(images, live);
    const given: Omit<Step<Scorer, undefined>, "teacher"> & HardLabels & Views<string> = {
      student: student as Step<Scorer, undefined>["student"],
      image: images,
      views,
      label,
      index,
      epoch,
      random: random.in("distiller"),
      live,
      frozen,
      task: classificationLoss(labels),
      mask: () => undefined,
    };
    const { terms, writes, reports = {} } = remembering(
      parts.loss({ ...given, teacher }),
    );
    const means = Object.entries(terms).map(([name, [weight, perSample]]): [string, Scalar] => [
      name,
      tf.keep(tf.mul(tf.mean(perSample), weight)),
    ]);
    return {
      means: Object.fromEntries(means),
      roles: new Map(Object.entries(terms).map(([name, [, , role]]) => [name, role])),
      loss: tf.keep(tf.addN(means.map(([, mean]) => mean))) as Scalar,
      correct: tf.keep(correct(given.student.taps.logits, labels)),
      reports: Object.fromEntries(
        Object.entries(reports).map(([name, perSample]) => [`report/${name}`, tf.keep(tf.mean(perSample))]),
      ),
      changes: [...remembered, ...writes].map(([variable, value]) => ({
        kind: "assign",
        variable,
        value: tf.keep(value),
      })),
    };
  };
}

/** The images that the networks are given, and the labels that these then have. */
function input(
  { augmentation, normalisation, mix, views = {} }: TrainParts,
  image: Tensor,
  label: Tensor,
  random: Random,
): { readonly image: Tensor; readonly views: Record<string, Tensor>; readonly labels: readonly Label[] } {
  // Each view is mixed by the same random numbers, so that it has the same labels.
  const seen = (augmentation: Augmentation, stream: string) => {
    const images = normalise(augment(image, augmentation, random.in(stream)), normalisation);
    return mix?.mix(images, random.in("mix")) ?? { image: images };
  };
  const mixed = seen(augmentation, "augment");
  return {
    image: mixed.image,
    views: Object.fromEntries(
      Object.entries(views).map(([name, augmentation]) => [name, seen(augmentation, `augment/${name}`).image]),
    ),
    labels: "partner" in mixed
      ? [[label, mixed.share], [gather(label, mixed.partner, 0), tf.sub(1, mixed.share)]]
      : [[label, 1]],
  };
}

/**
 * A forward pass and the gradients of its loss, or apart those of each group of terms, in which a variable that none of
 * them reaches has none.
 */
function differentiate(
  objective: () => Forward,
  variables: readonly Variable[],
  groups: Optimizer["groups"],
): { readonly forward: Forward; readonly gradients: readonly Gradients[] } {
  const engine = tf.engine(), xs = variables.map(({ value }) => value);
  const of = (sum: () => Scalar): Gradients => engine.gradients(sum, xs, undefined, true).grads;
  let forward!: Forward;
  if (!groups) return { gradients: [of(() => (forward = objective()).loss)], forward };
  let kept: Gradients[] = [];
  // Within another gradient's function the tape is not thrown away: one forward pass serves a backward pass for each group.
  engine.gradients(
    () => {
      forward = objective();
      const { means, roles, loss } = forward;
      const sums = groups(roles).map((names) => names.map((name) => means[name]));
      kept = sums.map((sums) =>
        sums.length === 0 || xs.length === 0 ? [] : of(() => tf.addN(sums)).map((one) => one && tf.keep(one))
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

/**
 * Evaluation of a batch by running statistics: how many are right among the first (`top1`) and first five (`top5`), and,
 * with a teacher, the sum of KL(teacher ‖ student) at temperature 1 (`kl`).
 */
export function evaluateStep(
  student: Player,
  teacher: Player | undefined,
  normalisation: Normalisation,
): Traced<EvaluateInput> {
  return ({ image, label }) => {
    const images = normalise(image, normalisation), scores = logits(student, images);
    const values = { top1: topK(scores, label, 1), top5: topK(scores, label, 5) };
    return { values: teacher ? { ...values, kl: tf.sum(kl(scores, logits(teacher, images))) } : values, updates: [] };
  };
}

/** What a network makes of a batch by running statistics: `logits`, [batch, classes]. */
export function scoreStep(network: Player, normalisation: Normalisation): Traced<"image"> {
  return ({ image }) => ({ values: { logits: logits(network, normalise(image, normalisation)) }, updates: [] });
}

function logits(network: Player, images: Tensor): Tensor {
  return (network as Player<Scorer>).run(images, passes().frozen).taps.logits;
}
