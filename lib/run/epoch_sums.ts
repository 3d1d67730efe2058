import type { Values } from "../engine/engine.ts";
import { number, optional, type Reader, recordOf, strictObject } from "../values/reader.ts";
import type { GradNormValues, TrainValues } from "../training/step.ts";

/** Numbers by name. */
export type Numbers = { readonly [name: string]: number };

/** What the steps of an epoch add up to. */
export type EpochSums = {
  /** The images that went through a step. */
  readonly images: number;
  /** The sum of the loss over these. */
  readonly loss: number;
  /** That of each of its terms. */
  readonly terms: Numbers;
  /** That of each thing that the method reports. */
  readonly reports: Numbers;
  /** That of each measure which the task takes in training. */
  readonly measures: Numbers;
  /**
   * How strongly each term pulled at the student in the one batch where that was measured; absent
   * before, or unless asked for.
   */
  readonly grads?: Numbers;
};

/** The sums of an epoch before its first step. */
export const NO_SUMS: EpochSums = { images: 0, loss: 0, terms: {}, reports: {}, measures: {} };

/**
 * Adds a step over so many images: its means count once for each image, the task's sums are sums
 * already.
 */
export function addStep(
  before: EpochSums,
  { loss, terms, reports, sums }: Values<TrainValues>,
  images: number,
): EpochSums {
  return {
    ...before,
    images: before.images + images,
    loss: before.loss + loss[0] * images,
    terms: add(before.terms, terms, images),
    reports: add(before.reports, reports, images),
    measures: add(before.measures, sums, 1),
  };
}

/** Enters the norms of the gradients of one batch. */
export function enterGrads(before: EpochSums, { grads }: Values<GradNormValues>): EpochSums {
  return { ...before, grads: add({}, grads, 1) };
}

function add(
  before: Numbers,
  values: { readonly [name: string]: Float32Array },
  times: number,
): Numbers {
  const added = Object.entries(values).map((
    [name, [value]],
  ) => [name, (before[name] ?? 0) + value * times]);
  return Object.fromEntries(added);
}

const numbers: Reader<Numbers> = recordOf(number);

const grouped: Reader<EpochSums> = strictObject<EpochSums>({
  images: number,
  loss: number,
  terms: numbers,
  reports: numbers,
  measures: numbers,
  grads: optional(numbers),
});

/**
 * Reads the sums in a checkpoint. Those of earlier versions are flat: `loss/kd` is a term's sum,
 * and `correct` that of the measure `top1`; they are empty where nothing was summed up yet.
 */
export function readEpochSums(value: unknown, at: string, or?: string): EpochSums {
  const isGrouped = typeof value === "object" && value !== null && "terms" in value;
  return isGrouped ? grouped(value, at, or) : fromFlat(numbers(value, at, or));
}

function fromFlat(flat: Numbers): EpochSums {
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
