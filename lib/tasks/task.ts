import type { Inputs } from "../values/input.ts";
import type { Json } from "../values/json.ts";
import type { Random } from "../kernels/random_uniform.ts";
import type { Output } from "../nn/network.ts";
import type { Tensor } from "../kernels/tensor.ts";

/** Numbers by measure, e.g. `{ top1: 71.2, top5: 92.4 }`. */
export type Score = { readonly [measure: string]: number };

/** A number that a training or an evaluation reports. */
export interface Measure {
  /** Its name in lines and columns, e.g. `top-1`. */
  readonly title: string;
  /** Digits after the decimal point where it is printed. */
  readonly decimals: number;
  /** Whether it is a percentage, 0 … 100. */
  readonly isPercentage: boolean;
  /** Whether less of it is better. Default: false. */
  readonly isLessBetter?: boolean;
  /**
   * Whether it compares a student with its teacher, so that numbers beside other teachers say
   * nothing. Default: false.
   */
  readonly isToTeacher?: boolean;
}

/** The name of an input of a step that holds labels: `label`, `labelBoxes` … */
export type LabelName = `label${string}`;

/** The labels of a batch inside a step. */
export type Labels = { readonly [K in LabelName]: Tensor };

/**
 * The source of labels: a split of a data set. A task with labels of its own asks for a split that
 * has those too; of a part it finds them in the split that this is a part of.
 */
export interface LabelSource {
  /** The class of each image. */
  readonly labels: Int32Array;
  /** The split that it is a part of, and where each of its images is in there; absent: none. */
  readonly partOf?: { readonly split: LabelSource; readonly indices: Uint32Array };
}

/** The pairs in which the images of a batch were mixed. */
export interface Pairing {
  /** Where in the batch each image's partner is, int32 [batch]. */
  readonly partner: Tensor;
  /** The share that an image has of itself, a scalar; its partner has the rest. */
  readonly share: Tensor;
}

/** The circumstances in which a training step uses labels. */
export interface Circumstances {
  /** How the images were mixed; absent: not at all. */
  readonly pairing?: Pairing;
  /** Random numbers that differ from step to step. */
  readonly random: Random;
}

/** The goal that labels set in a training step. */
export interface Target {
  /** The loss of a network's output for each sample, [batch]. */
  loss(output: Output): Tensor;
  /**
   * Sums over the batch of what the student's output reaches, scalars by measure: the log has their
   * means as `train/<measure>`.
   */
  sums(student: Output): { readonly [measure: string]: Tensor };
  /** What a method is given beside what every step has. */
  readonly given: { readonly [name: string]: Tensor };
}

/** An account of batches that is kept outside of the step; it ends in an `R`. */
export interface Tally<R> {
  /** Enters a batch: the values that the step computed of it, and its labels. */
  add(values: { readonly [name: string]: Float32Array }, labels: Inputs<LabelName>): void;
  /** The result over all batches so far. */
  result(): R;
}

/** The findings of a close look at a network. */
export interface Findings {
  /** The score. */
  readonly score: Score;
  /** Everything else, as it stands beside the score in JSON. */
  readonly details: { readonly [name: string]: Json };
  /** The same in tables to read; `whole`: with what is long, such as a matrix of all confusions. */
  tables(whole: boolean): readonly TextTable[];
}

/** A table to read. */
export interface TextTable {
  /** Its rows of cells, the titles first. */
  readonly rows: readonly (readonly string[])[];
  /** How many of its columns are aligned to the left; the others to the right. */
  readonly left: number;
}

/**
 * A goal of learning, and how a network is scored at it. A data set has one. The step, the
 * evaluation and the runner know labels, losses and scores through it alone.
 */
export interface Task {
  /** Its name, e.g. `classification`. */
  readonly id: string;
  /** Its measures by name, in the order in which they are printed. */
  readonly measures: { readonly [measure: string]: Measure };
  /**
   * The measure, of which more is better, that chooses the best epoch and is compared with other
   * work.
   */
  readonly primary: string;
  /** Reads the labels of the images at these indices of a split, as inputs of a step. */
  readLabels(split: LabelSource, indices: Int32Array): Inputs<LabelName>;
  /** Makes the labels of a batch the goal of a training step. */
  target(labels: Labels, circumstances: Circumstances): Target;
  /**
   * Computes what a batch adds to a score, inside the step: of the student alone, or beside a
   * teacher.
   */
  evaluate(student: Output, labels: Labels, teacher?: Output): { readonly [name: string]: Tensor };
  /** Begins to gather what `evaluate` computes. */
  tally(): Tally<Score>;
  /** Chooses what a close look takes of a network's output, inside the step. */
  predict(output: Output): { readonly [name: string]: Tensor };
  /** Begins to gather what `predict` chooses, on a data set of these classes. */
  examine(classes: readonly string[]): Tally<Findings>;
}

/** The number of a measure that sums up to `sum` over so many images. */
export function meanOf({ isPercentage }: Measure, sum: number, images: number): number {
  return (isPercentage ? 100 * sum : sum) / images;
}

/** A measure's number as it is printed. */
export function formatMeasure({ decimals }: Measure, value: number): string {
  return value.toFixed(decimals);
}

/**
 * A tally for tasks whose `evaluate` gives one number per image, [batch], for each measure: the
 * score is their mean.
 */
export function meanTally(measures: Task["measures"]): Tally<Score> {
  const sums = new Map<string, { sum: number; images: number }>();
  return {
    add(values) {
      for (const [measure, numbers] of Object.entries(values)) {
        const before = sums.get(measure) ?? { sum: 0, images: 0 };
        // One after the other in double precision, so that the sum does not depend on the size of a
        // batch.
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
