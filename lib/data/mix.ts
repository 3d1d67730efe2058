import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor1D } from "@tensorflow/tfjs";
import type { Mix, Mixed } from "./dataset.ts";
import { above, between, checkRanges } from "../values/range.ts";
import type { Random } from "../kernels/random_uniform.ts";
import type { Tensor } from "../kernels/tensor.ts";

/** Options of `mixup` and `cutmix`. */
export interface MixOptions {
  /** α of Beta(α, α), which λ comes from, once per batch. Default: 1. */
  readonly alpha?: number;
  /** Probability that a batch is mixed. Default: 1 for mixup, ½ for cutmix. */
  readonly probability?: number;
}

/**
 * mixup: Beyond Empirical Risk Minimization. Zhang et al., 2018. arXiv:1710.09412. x̃ = λ · x + (1
 * − λ) · x′, where x′ is another image of the batch. The defaults are those released for CIFAR, α =
 * 1. On ImageNet the paper uses 0.2.
 *
 * @example
 * ```ts
 * import { mixup } from "@retort/retort";
 * import { cifar100 } from "@retort/retort/datasets";
 *
 * export const dataset = cifar100({ mix: mixup({ alpha: 0.2 }) });
 * ```
 */
export function mixup({ alpha = 1, probability = 1 }: MixOptions = {}): Mix {
  return {
    id: "mixup",
    options: checkOptions("mixup", { alpha, probability }),
    mix(images, random) {
      const partner = permutation(images.shape[0], random);
      const share = sampleShare(alpha, probability, random);
      return { image: blend(images, partner, share), partner, share };
    },
  };
}

/**
 * CutMix: Regularization Strategy to Train Strong Classifiers. Yun et al., 2019. arXiv:1905.04899.
 * A box of x′, another image of the batch, replaces that part of x. Its sides are √(1 − λ) of the
 * image's and its centre is anywhere. The part outside of the image is cut off, and λ becomes the
 * remaining share of x. The defaults are those released for CIFAR. On ImageNet the probability is
 * 1.
 */
export function cutmix({ alpha = 1, probability = 0.5 }: MixOptions = {}): Mix {
  return {
    id: "cutmix",
    options: checkOptions("cutmix", { alpha, probability }),
    mix(images, random) {
      const [batch, height, width] = images.shape;
      const partner = permutation(batch, random);
      const cut = tf.sqrt(tf.sub(1, sampleShare(alpha, probability, random)));
      const range = (length: number): PixelRange => {
        const centre = tf.floor(tf.mul(random.uniform([]), length));
        const half = tf.floor(tf.div(tf.floor(tf.mul(cut, length)), 2));
        return [tf.maximum(tf.sub(centre, half), 0), tf.minimum(tf.add(centre, half), length)];
      };
      return paste(images, partner, range(height), range(width));
    },
  };
}

/** Options of `mixupOrCutmix`. */
export interface MixupOrCutmixOptions {
  /** α of Beta(α, α), which λ of mixup comes from. Default: 0.8. */
  readonly mixup?: number;
  /** α of Beta(α, α), which λ of CutMix comes from. Default: 1. */
  readonly cutmix?: number;
  /** Probability that CutMix mixes a batch, and not mixup. Default: ½. */
  readonly share?: number;
  /** Probability that a batch is mixed. Default: 1. */
  readonly probability?: number;
  /**
   * The sides of the box: `even` numbers of pixels, rounded down (timm up to 1.0.29, and so DeiT),
   * or `whole` numbers (timm from 1.0.31). Default: `even`.
   */
  readonly box?: Box;
}

/** How the sides of a box are rounded down. */
export type Box = "even" | "whole";

/**
 * Mixup or CutMix, one of them for each batch, as DeiT mixes images (Touvron et al., 2021.
 * arXiv:2012.12877). x′ is the image at the same position in the reversed batch. λ of CutMix is the
 * share of x that is left by the part of the box inside of the image. The defaults are DeiT's.
 *
 * @example
 * ```ts
 * import { mixupOrCutmix } from "@retort/retort";
 * import { cifar100 } from "@retort/retort/datasets";
 *
 * export const dataset = cifar100({ mix: mixupOrCutmix(), smoothing: 0.1 });
 * ```
 */
export function mixupOrCutmix(options: MixupOrCutmixOptions = {}): Mix {
  const { mixup = 0.8, cutmix = 1, share = 0.5, probability = 1, box = "even" } = options;
  return {
    id: "mixup_or_cutmix",
    options: checkRanges("mixupOrCutmix", { mixup, cutmix, share, probability, box }, {
      mixup: above(0),
      cutmix: above(0),
      share: between(),
      probability: between(),
    }),
    mix(images, random) {
      const [, height, width] = images.shape;
      const isBox = tf.less(random.uniform([]), share);
      const [u, v] = [random.uniform([]), random.uniform([])];
      const drawn = tf.where(isBox, beta(cutmix, u, v), beta(mixup, u, v));
      const pixel = (length: number) => tf.floor(tf.mul(random.uniform([]), length));
      return mixBackwards(images, {
        isBox,
        share: mixedOnly(drawn, probability, random),
        centre: [pixel(height), pixel(width)],
      }, box);
    },
  };
}

/** The random choices for a batch, scalars. */
export interface MixChoice {
  /** Whether a box of each image is replaced, a boolean. */
  readonly isBox: Tensor;
  /** λ, before the box is cut off at the image's edges. */
  readonly share: Tensor;
  /** The row and the column of the box's centre. */
  readonly centre: readonly [row: Tensor, column: Tensor];
}

/** Mixes each image with the one at the same position in the reversed batch. */
export function mixBackwards(
  images: Tensor,
  { isBox, share, centre: [row, column] }: MixChoice,
  box: Box,
): Mixed {
  const [batch, height, width] = images.shape;
  const partner = tf.range(batch - 1, -1, -1, "int32");
  const cut = tf.sqrt(tf.sub(1, share));
  const range = (length: number, centre: Tensor): PixelRange => {
    // In float32 a side of 16 pixels may be 15.999999.
    const side = tf.floor(tf.add(tf.mul(cut, length), 1e-4));
    const before = tf.floor(tf.div(side, 2));
    const after = box === "even" ? before : tf.sub(side, before);
    return [tf.maximum(tf.sub(centre, before), 0), tf.minimum(tf.add(centre, after), length)];
  };
  const inside = insideOf([height, width], range(height, row), range(width, column));
  // The share of the image at each pixel.
  const own = tf.where(isBox, tf.sub(1, tf.cast(inside, "float32")), share);
  return { image: blend(images, partner, own), partner, share: tf.mean(own) };
}

function checkOptions(id: string, options: Required<MixOptions>): Mix["options"] {
  return { ...checkRanges(id, options, { alpha: above(0), probability: between() }) };
}

/**
 * Computes x̃ = share · x + (1 − share) · x′. `partner` is the position of each image's x′ in the
 * batch. The share is a scalar, or one number for each pixel, [1, height, width, 1].
 */
export function blend(images: Tensor, partner: Tensor, share: Tensor): Tensor {
  return tf.add(tf.mul(images, share), tf.mul(tf.gather(images, partner, 0), tf.sub(1, share)));
}

/** A range of rows or columns, scalars. `to` is exclusive. */
export type PixelRange = readonly [from: Tensor, to: Tensor];

/** Replaces a box of each image with that of its partner. */
export function paste(
  images: Tensor,
  partner: Tensor,
  rows: PixelRange,
  columns: PixelRange,
): Mixed {
  const [, height, width] = images.shape;
  const box = insideOf([height, width], rows, columns);
  const share = tf.sub(1, tf.mean(tf.cast(box, "float32")));
  return { image: tf.where(box, tf.gather(images, partner, 0), images), partner, share };
}

/** Whether each pixel of an image is in a box, booleans [1, height, width, 1]. */
function insideOf(
  [height, width]: readonly [height: number, width: number],
  rows: PixelRange,
  columns: PixelRange,
): Tensor {
  const within = (length: number, [from, to]: PixelRange) => {
    const line = tf.range(0, length, 1, "float32");
    return tf.logicalAnd(tf.greaterEqual(line, from), tf.less(line, to));
  };
  return tf.logicalAnd(
    tf.reshape(within(height, rows), [1, height, 1, 1]),
    tf.reshape(within(width, columns), [1, 1, width, 1]),
  );
}

/** The numbers 0 … n − 1 in a random order, int32 [n]. */
function permutation(n: number, random: Random): Tensor {
  return tf.topk(random.uniform([n]) as Tensor1D, n).indices;
}

/** Samples λ of a batch from Beta(α, α). Returns 1 if the batch is not mixed. */
function sampleShare(alpha: number, probability: number, random: Random): Tensor {
  return mixedOnly(beta(alpha, random.uniform([]), random.uniform([])), probability, random);
}

/** The share of a batch that is mixed with this probability: 1 if it is not. */
function mixedOnly(share: Tensor, probability: number, random: Random): Tensor {
  return probability === 1
    ? share
    : tf.where(tf.less(random.uniform([]), probability), share, tf.scalar(1) as Scalar);
}

/**
 * Computes a number from Beta(α, α) from two uniform ones, without rejection. With w = u^(1/α) and
 * c = cos 2πv, √(2α (1/w − 1)) · c is t-distributed with 2α degrees of freedom (Bailey, 1994: Polar
 * Generation of Random Variates with the t-Distribution). Half of 1 + t / √(2α + t²) is then
 * Beta(α, α). The form here avoids the division by w, which may be 0.
 */
export function beta(alpha: number, u: Tensor, v: Tensor): Tensor {
  const w = tf.pow(u, 1 / alpha);
  const rest = tf.sub(1, w);
  const c = tf.cos(tf.mul(v, 2 * Math.PI));
  const length = tf.sqrt(tf.maximum(tf.add(w, tf.mul(rest, tf.square(c))), TINY));
  return tf.mul(tf.add(tf.div(tf.mul(tf.sqrt(rest), c), length), 1), 0.5);
}

const TINY = 1e-30;
