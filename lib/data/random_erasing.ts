import * as tf from "@tensorflow/tfjs";
import type { Random } from "../kernels/random_uniform.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { between, checkRanges, type Range } from "../values/range.ts";

/** Options of `randomErasing`. */
export interface RandomErasingOptions {
  /** The probability that an image loses a rectangle. Default: ¼. */
  readonly probability?: number;
  /**
   * What takes the rectangle's place in the normalised image: a normal number for each value
   * (`pixel`), one for each channel (`colour`), or 0 (`zero`), the mean. Default: `pixel`.
   */
  readonly mode?: "pixel" | "colour" | "zero";
  /** The smallest share of the image's area. Default: 0.02. */
  readonly least?: number;
  /** The largest share of the image's area. Default: ⅓. */
  readonly most?: number;
  /**
   * The smallest ratio of the rectangle's height to its width, at most 1. The largest is its
   * inverse. Default: 0.3.
   */
  readonly ratio?: number;
}

/** Random erasing with its options. */
export type RandomErasing =
  & { readonly id: "randomErasing" }
  & Readonly<Required<RandomErasingOptions>>;

/**
 * Random Erasing Data Augmentation. Zhong et al., 2020. AAAI. A rectangle of random area and ratio
 * is replaced, after normalisation, in a share of the training images. The first of ten rectangles
 * that is smaller than the image in both directions counts. As in timm; the defaults are DeiT's.
 */
export function randomErasing(
  { probability = 0.25, mode = "pixel", least = 0.02, most = 1 / 3, ratio = 0.3 }:
    RandomErasingOptions = {},
): RandomErasing {
  return {
    id: "randomErasing",
    ...checkRanges("randomErasing", { probability, mode, most, least, ratio }, {
      probability: between(),
      most: between(),
      least: between(0, most),
      ratio: RATIO,
    }),
  };
}

const RATIO: Range = {
  words: "above 0 and at most 1",
  has: (value) => value > 0 && value <= 1,
};

/** Rectangles that an image tries. */
const ATTEMPTS = 10;

/**
 * Erases a rectangle of each image, or none. Takes and returns normalised images, [batch, height,
 * width, channels].
 */
export function eraseRectangles(
  images: Tensor,
  { probability, mode, least, most, ratio }: RandomErasing,
  random: Random,
): Tensor {
  const [batch, height, width, channels] = images.shape;
  const draw = () => random.uniform([batch, ATTEMPTS]);
  const within = (from: number, to: number) => tf.add(tf.mul(draw(), to - from), from);
  const area = tf.mul(within(least, most), height * width);
  const aspect = tf.exp(within(Math.log(ratio), -Math.log(ratio)));
  const sides = [
    [tf.round(tf.sqrt(tf.mul(area, aspect))), height],
    [tf.round(tf.sqrt(tf.div(area, aspect))), width],
  ] as const;
  const fits = tf.logicalAnd(
    ...sides.map(([side, length]) => tf.less(side, length)) as [Tensor, Tensor],
  );
  const first = firstOf(fits);
  // No attempt may fit: then nothing counts, and the rectangle has no height.
  const [rows, columns] = sides.map(([sides, length]) => {
    const side = tf.sum(tf.mul(sides, first), 1, true);
    const start = tf.floor(tf.mul(random.uniform([batch, 1]), tf.sub(length + 1, side)));
    const line = tf.range(0, length, 1, "float32");
    return tf.logicalAnd(tf.greaterEqual(line, start), tf.less(line, tf.add(start, side)));
  });
  const applies = tf.less(random.uniform([batch, 1, 1, 1]), probability);
  const rectangle = tf.logicalAnd(
    tf.reshape(rows, [batch, height, 1, 1]),
    tf.reshape(columns, [batch, 1, width, 1]),
  );
  // In parts, the whole batch's noise would take the memory that the parts save.
  const noise = mode === "pixel"
    ? random.own.normal(images.shape)
    : mode === "colour"
    ? random.normal([batch, 1, 1, channels])
    : tf.scalar(0);
  return tf.where(tf.logicalAnd(rectangle, applies), noise, images);
}

/** 1 where a row has its first true value, else 0: float32 [batch, n]. */
function firstOf(values: Tensor): Tensor {
  const numbers = tf.cast(values, "float32");
  return tf.mul(numbers, tf.equal(tf.cumsum(numbers, 1), 1));
}
