import type { Values } from "../engine/engine.ts";
import { number, optional, type Reader, recordOf, strictObject } from "../values/reader.ts";
import type { GradNormValues, TrainValues } from "../training/step.ts";

/** Numbers by name. */
export type Numbers = { readonly [name: string]: number };

/** Sums over the steps of an epoch. */
export type EpochSums = {
  /** The number of images that went through a step. */
  readonly images: number;
  /** The sum of the loss over these images. */
  readonly loss: number;
  /** The sum of each term of the loss. */
  readonly terms: Numbers;
  /** The sum of each value that the method reports. */
  readonly reports: Numbers;
  /** The sum of each measure that the task takes in training. */
  readonly measures: Numbers;
  /**
   * The norm of each term's gradient with respect to the student, from one batch. `undefined`
   * before that batch, or if `gradNorms` is off.
   */
  readonly grads?: Numbers;
};

/** The sums of an epoch before its first step. */
export const NO_SUMS: EpochSums = { images: 0, loss: 0, terms: {}, reports: {}, measures: {} };

/**
 * Adds a step over `images` images. Its means count once for each image. The task's sums are sums
 * already. What an earlier version did not sum in the first steps of the epoch is left out: its mean
 * would lack them.
 */
export function addStep(
  before: EpochSums,
  { loss, terms, reports, sums }: Values<TrainValues>,
  images: number,
): EpochSums {
  const isSummed = (group: Numbers) => (name: string) => before.images === 0 || name in group;
  return {
    ...before,
    images: before.images + images,
    loss: before.loss + loss[0] * images,
    terms: add(before.terms, terms, images),
    reports: add(before.reports, reports, images, isSummed(before.reports)),
    measures: add(before.measures, sums, 1, isSummed(before.measures)),
  };
}

/** Enters the gradient norms of one batch. */
export function setGradNorms(before: EpochSums, { grads }: Values<GradNormValues>): EpochSums {
  return { ...before, grads: add({}, grads, 1) };
}

function add(
  before: Numbers,
  values: { readonly [name: string]: Float32Array },
  times: number,
  isAdded: (name: string) => boolean = () => true,
): Numbers {
  const added = Object.entries(values).filter(([name]) => isAdded(name)).map((
    [name, [value]],
  ) => [name, (before[name] ?? 0) + value * times]);
  return Object.fromEntries(added);
}

const numbers: Reader<Numbers> = recordOf(number);

const groupedSums: Reader<EpochSums> = strictObject<EpochSums>({
  images: number,
  loss: number,
  terms: numbers,
  reports: numbers,
  measures: numbers,
  grads: optional(numbers),
});

/**
 * Reads the sums in a checkpoint. In earlier versions they are flat: `loss/kd` is the sum of a
 * term, and `correct` that of the measure `top1`. Before the first step those are empty.
 */
export function readEpochSums(value: unknown, at: string, or?: string): EpochSums {
  const isGrouped = typeof value === "object" && value !== null && "terms" in value;
  return isGrouped ? groupedSums(value, at, or) : readFlatSums(numbers(value, at, or));
}

function readFlatSums(flat: Numbers): EpochSums {
  const { images = 0, loss = 0, correct } = flat;
  const group = (prefix: string): Numbers =>
    Object.fromEntries(
      Object.entries(flat).flatMap(([name, sum]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), sum]] : []
      ),
    );
  const grads = group("grad/");
  return {
    images,
    loss,
    terms: group("loss/"),
    reports: group("report/"),
    measures: correct === undefined ? {} : { top1: correct },
    ...(Object.keys(grads).length > 0 ? { grads } : {}),
  };
}
