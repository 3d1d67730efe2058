import * as tf from "@tensorflow/tfjs";
import type { Scalar } from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { augment, normalise } from "./augment.ts";
import type { Augmentation, Normalisation } from "./dataset.ts";
import type { Loss, Remembering, Step, Teachers, Term, Terms } from "./distiller.ts";
import { randomOf } from "./kernels/random_uniform.ts";
import { passes } from "./layers.ts";
import type { Net, Player, Scorer } from "./network.ts";
import { kl } from "./ops.ts";
import type { Optimizer } from "./optimizer.ts";
import { classification, topK } from "./tasks/classification.ts";
import type { Update, Variable } from "./variables.ts";

/** What a function of tensors gives: values to look at and changes to make. */
export interface Outcome {
  /** Named values. */
  readonly values: { readonly [name: string]: Tensor };
  /** Changes to variables, in order: the last one of a variable counts. */
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
  /** The update of one variable. */
  readonly optimizer: Optimizer;
  /** The variables that may learn. */
  readonly trainable: readonly Variable[];
  /** How images are changed at random. */
  readonly augmentation: Augmentation;
  /** How pixels become inputs. */
  readonly normalisation: Normalisation;
  /** The run's seed. */
  readonly seed: number;
}

/**
 * One training step: forward, loss, gradients, update. The values are each term's weighted mean under
 * `loss/<name>`, their sum as `loss`, and how many of the batch the student got right as `correct`. A variable that no
 * term reaches is left alone: no decay, no momentum.
 */
export function trainStep(parts: TrainParts): Traced<TrainInput> {
  return ({ image, label, index, rate, epoch, step }) => {
    const random = randomOf(parts.seed, "step", step);
    const images = normalise(augment(image, parts.augmentation, random.in("augment")), parts.normalisation);
    const { live, frozen, remembered } = passes();
    const teach = (teacher: Player) => teacher.run(images, frozen);
    const teacher = Array.isArray(parts.teacher)
      ? parts.teacher.map(teach)
      : parts.teacher && teach(parts.teacher as Player);
    const values: Record<string, Tensor> = {};
    let writes: Remembering["writes"] = [];

    const objective = (): Scalar => {
      const student = parts.student.run(images, live);
      const given: Omit<Step<Scorer, undefined>, "teacher"> = {
        student: student as Step<Scorer, undefined>["student"],
        image: images,
        label,
        index,
        epoch,
        random: random.in("distiller"),
        live,
        frozen,
        task: classification(label),
        mask: () => undefined,
      };
      const result = parts.loss({ ...given, teacher } as unknown as Step<Net, Teachers>);
      const terms = isRemembering(result) ? result.terms : result;
      writes = isRemembering(result) ? result.writes.map(([variable, value]) => [variable, tf.keep(value)]) : [];
      const means = Object.entries(terms).map(([name, [weight, perSample]]) => {
        const mean = tf.keep(tf.mul(tf.mean(perSample), weight));
        values[`loss/${name}`] = mean;
        return mean;
      });
      values.correct = tf.keep(topK(given.student.taps.logits, label, 1));
      return tf.addN(means) as Scalar;
    };

    const trainable = parts.trainable;
    const { value, grads } = tf.engine().gradients(
      objective,
      trainable.map((variable) => variable.value),
      undefined,
      true,
    );
    values.loss = value;
    const assign = ([variable, value]: readonly [Variable, Tensor]): Update => ({ kind: "assign", variable, value });
    const updates = [
      ...trainable.flatMap((variable, i) => grads[i] ? [parts.optimizer(variable, grads[i], rate)] : []),
      ...remembered.map(assign),
      ...writes.map(assign),
    ];
    return { values, updates };
  };
}

function isRemembering(result: Terms | Remembering): result is Remembering {
  return "writes" in result && !isTerm(result.writes);
}

function isTerm(value: Term | Remembering["writes"]): value is Term {
  return value.length === 2 && !Array.isArray(value[0]);
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
