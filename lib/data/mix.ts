import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor1D } from "@tensorflow/tfjs";
import type { Mix, Mixed } from "./dataset.ts";
import { above, between, checkRanges } from "../values/range.ts";
import { gather } from "../kernels/gather.ts";
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

function checkOptions(id: string, options: Required<MixOptions>): Mix["options"] {
  return { ...checkRanges(id, options, { alpha: above(0), probability: between() }) };
}

/**
 * Computes x̃ = share · x + (1 − share) · x′. `partner` is the position of each image's x′ in the
 * batch.
 */
export function blend(images: Tensor, partner: Tensor, share: Tensor): Tensor {
  return tf.add(tf.mul(images, share), tf.mul(gather(images, partner, 0), tf.sub(1, share)));
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
  const within = (length: number, [from, to]: PixelRange) => {
    const line = tf.range(0, length, 1, "float32");
    return tf.logicalAnd(tf.greaterEqual(line, from), tf.less(line, to));
  };
  const box = tf.logicalAnd(
    tf.reshape(within(height, rows), [1, height, 1, 1]),
    tf.reshape(within(width, columns), [1, 1, width, 1]),
  );
  const share = tf.sub(1, tf.mean(tf.cast(box, "float32")));
  return { image: tf.where(box, gather(images, partner, 0), images), partner, share };
}

/** The numbers 0 … n − 1 in a random order, int32 [n]. */
function permutation(n: number, random: Random): Tensor {
  return tf.topk(random.uniform([n]) as Tensor1D, n).indices;
}

/** Samples λ of a batch from Beta(α, α). Returns 1 if the batch is not mixed. */
function sampleShare(alpha: number, probability: number, random: Random): Tensor {
  const share = beta(alpha, random.uniform([]), random.uniform([]));
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
