import type { Draw } from "../values/draw.ts";
import type { Inputs } from "../values/input.ts";
import type { Json } from "../values/json.ts";
import type { Random } from "../kernels/random_uniform.ts";
import type { Net, Output } from "../nn/network.ts";
import type { Tensor } from "../kernels/tensor.ts";

/** Numbers by measure, e.g. `{ top1: 71.2, top5: 92.4 }`. */
export type Score = { readonly [measure: string]: number };

/** A number that a training or an evaluation reports. */
export interface Measure {
  /** Its name in lines and columns, e.g. `top-1`. */
  readonly title: string;
  /** Digits after the decimal point. */
  readonly decimals: number;
  /** Whether it is a percentage, 0 … 100. */
  readonly isPercentage: boolean;
  /** Whether less is better. Default: false. */
  readonly isLessBetter?: boolean;
  /**
   * Whether it compares a student with its teacher. Its numbers for different teachers are then not
   * comparable. Default: false.
   */
  readonly isToTeacher?: boolean;
}

/** The name of a step's input that holds labels: `label`, `labelBoxes` … */
export type LabelName = `label${string}`;

/** The labels of a batch inside a step. */
export type Labels = { readonly [K in LabelName]: Tensor };

/**
 * A split of a data set, as the source of labels. A task with labels of its own needs a split that
 * has them. For a part of a split, it reads them from the split that contains the part.
 */
export interface LabelSource {
  /** The class of each image. */
  readonly labels: Int32Array;
  /**
   * The larger split that contains this one, and the index of each image in it. `undefined` if this
   * is no part of another split.
   */
  readonly partOf?: { readonly split: LabelSource; readonly indices: Uint32Array };
}

/** The pairs in which a batch's images were mixed. */
export interface Pairing {
  /** The position of each image's partner in the batch, int32 [batch]. */
  readonly partner: Tensor;
  /** The share of an image in its mixture, a scalar. Its partner has the rest. */
  readonly share: Tensor;
}

/** The context in which a training step uses labels. */
export interface LabelContext {
  /** How the images were mixed. `undefined` if they were not. */
  readonly pairing?: Pairing;
  /** Random numbers that differ from step to step. */
  readonly random: Random;
}

/** The goal of a training step, made from labels, for networks of the type `N`. */
export interface Target<N extends Net = Net> {
  /** The loss of a network's output for each sample, [batch]. */
  loss(output: Output<N>): Tensor;
  /**
   * Measures a network's output in training, alone or beside its teacher: one number per sample,
   * [batch], by measure, percentages as 0 … 1. The log has the student's means as
   * `train/<measure>`.
   */
  measure(output: Output<N>, teacher?: Output<N>): { readonly [measure: string]: Tensor };
  /** The task's own additions to the step context. */
  readonly given: { readonly [name: string]: unknown };
}

/**
 * Accumulates batches, outside of the step, into an `R`. `I`: the inputs of the step that it reads.
 */
export interface Tally<R, I extends string = LabelName> {
  /** Adds a batch: the values that the step computed for it, and its labels or all its inputs. */
  add(values: { readonly [name: string]: Float32Array }, inputs: Inputs<I>): void;
  /** The result over all batches so far. */
  result(): R;
}

/** A label that an exported network takes as an input. */
export interface PredictionInput {
  /** Its shape for one image. */
  readonly shape: readonly number[];
  /** Its meaning, for whoever runs the network. */
  readonly words: string;
  /** Its numbers for an image that fills `image`, [height, width, channels]. */
  example(image: readonly number[]): readonly number[];
}

/** What a network does, in sentences. */
export interface NetworkInWords {
  readonly goal: string;
  readonly limit: string;
}

/** The findings of an examination of a network. */
export interface Findings {
  readonly score: Score;
  /** Everything else, placed beside the score in JSON. */
  readonly details: { readonly [name: string]: Json };
  /** The findings as tables. `whole` includes long ones, such as the matrix of all confusions. */
  tables(whole: boolean): readonly TextTable[];
}

/** A table of text. */
export interface TextTable {
  /** Rows of cells, the titles first. */
  readonly rows: readonly (readonly string[])[];
  /** The number of left-aligned columns. The others are right-aligned. */
  readonly left: number;
}

/**
 * A goal of learning, with its scores. Each data set has one. The step, the evaluation and the
 * runner know labels, losses and scores through it alone. `N`: the networks that can learn it, such
 * as those that score classes. The compiler checks an experiment's student against it.
 */
export interface Task<N extends Net = Net> {
  /** E.g. `classification`. */
  readonly id: string;
  /** The measures by name, in the order of print. */
  readonly measures: { readonly [measure: string]: Measure };
  /**
   * The measure that chooses the best epoch and is compared with other work. More of it is better.
   */
  readonly primary: string;
  /**
   * Reads the labels of the images at these indices of a split, as inputs of a step, as the split
   * reads the images with the same `draw`.
   */
  readLabels(split: LabelSource, indices: Int32Array, draw?: Draw): Inputs<LabelName>;
  /**
   * Makes labels for so many images of noise, to time a step without a data set. Default: it reads
   * those of a split that has nothing but classes.
   */
  readonly noiseLabels?: (
    images: number,
    image: readonly number[],
    classes: number,
  ) => Inputs<LabelName>;
  /**
   * Images in a batch of an evaluation, if the user does not say: few where an image needs much
   * memory. Default: 250.
   */
  readonly evaluationBatch?: number;
  /**
   * Changes normalised images by what the labels say of them, such as where an image ends and its
   * padding begins. Default: no change.
   */
  readonly prepare?: (images: Tensor, labels: Labels) => Tensor;
  /** Makes the labels of a batch the goal of a training step. */
  target(labels: Labels, circumstances: LabelContext): Target<N>;
  /**
   * Computes a batch's part of a score, inside the step, for the student alone or beside a teacher.
   */
  evaluate(
    student: Output<N>,
    labels: Labels,
    teacher?: Output<N>,
  ): { readonly [name: string]: Tensor };
  /** Starts a tally of the values from `evaluate` for images of a split. */
  tally(split: LabelSource): Tally<Score>;
  /**
   * The labels that `prepare` and `predict` read: inputs of an exported network, which then takes
   * one image at a time. Default: none, and any number of images.
   */
  readonly predictsFrom?: { readonly [name: LabelName]: PredictionInput };
  /** What each of `predict`'s values is, for whoever runs an exported network. Default: logits. */
  readonly predictions?: { readonly [name: string]: string };
  /**
   * What a network does with images, and what it cannot, in the words of a model card. `images` has
   * their size: `images of 32 × 32 pixels`. Default: those of classifiers.
   */
  readonly inWords?: (images: string, classes: readonly string[]) => NetworkInWords;
  /** The task's and the primary measure's names on model hubs. Default: those of classifiers. */
  readonly hub?: { readonly task: string; readonly metric: string };
  /** Selects the outputs that an examination needs, inside the step. */
  predict(output: Output<N>, labels: Labels): { readonly [name: string]: Tensor };
  /** Starts a tally of the outputs from `predict` for images of a split with these classes. */
  examine(classes: readonly string[], split: LabelSource): Tally<Findings>;
  /**
   * Starts a tally that makes files of the same outputs, texts by name: what other tools read, and
   * pictures of so many images. Default: an examination has no files.
   */
  readonly files?: (
    classes: readonly string[],
    split: LabelSource,
    pictures: number,
  ) => Tally<ReadonlyMap<string, string>, "image" | LabelName>;
}

/** The unit of a measure after its title: ` (%)`, or nothing. */
export function unitOf({ isPercentage }: Measure): string {
  return isPercentage ? " (%)" : "";
}

/**
 * The mean of a measure from its sum over so many images. In percent if the measure is a
 * percentage.
 */
export function meanOf({ isPercentage }: Measure, sum: number, images: number): number {
  return (isPercentage ? 100 * sum : sum) / images;
}

/** Formats a measure's number. */
export function formatMeasure({ decimals }: Measure, value: number): string {
  return value.toFixed(decimals);
}

/**
 * A tally for tasks whose `evaluate` returns one number per image, [batch], for each measure. The
 * score is their mean.
 */
export function meanTally(measures: Task["measures"]): Tally<Score> {
  const sums = new Map<string, { sum: number; images: number }>();
  return {
    add(values) {
      for (const [measure, numbers] of Object.entries(values)) {
        const before = sums.get(measure) ?? { sum: 0, images: 0 };
        // Added one by one in double precision, so that the sum does not depend on the batch size.
        const sum = numbers.reduce((sum, number) => sum + number, before.sum);
        sums.set(measure, { sum, images: before.images + numbers.length });
      }
    },
    result: () =>
      Object.fromEntries(
        Array.from(
          sums,
          ([measure, { sum, images }]) => [measure, meanOf(measures[measure], sum, images)],
        ),
      ),
  };
}
