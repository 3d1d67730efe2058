import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import type { Augmentation, Normalisation } from "./dataset.ts";
import type { Random } from "../kernels/random_uniform.ts";

/**
 * Changes training images at random, inside the step. Images with a policy were cropped and mirrored
 * before it, when they were read. Takes and returns [batch, height, width, channels], pixels 0 …
 * 255.
 */
export function augment(
  images: Tensor,
  { crop, flip, policy, brightness = 0, jitter = 0, cutout = 0 }: Augmentation,
  random: Random,
): Tensor {
  const cropped = policy ? images : cropAndFlip(images, crop, flip, random);
  const brightened = brightness === 0 ? cropped : scaleDistance(cropped, 0, brightness, random);
  const coloured = jitter === 0 ? brightened : jitterColours(brightened, jitter, random);
  return cutout === 0 ? coloured : cutOut(coloured, cutout, random);
}

/**
 * Pads with zeros, crops each image to its old size at a random position of its own, and mirrors
 * half of the images.
 */
function cropAndFlip(images: Tensor, crop: number, flip: boolean, random: Random): Tensor {
  if (crop === 0 && !flip) return images;
  const [batch, height, width] = images.shape;
  const offset = () => tf.floor(tf.mul(random.uniform([batch, 1]), 2 * crop + 1));
  const line = (length: number) => tf.range(0, length, 1, "float32");
  let columns = line(width) as Tensor;
  if (flip) {
    const mirrored = tf.cast(tf.less(random.uniform([batch, 1]), 0.5), "float32");
    columns = tf.abs(tf.sub(tf.mul(mirrored, width - 1), columns));
  }
  if (crop === 0) return pick(images, columns, 2);
  const padded = tf.pad(images as Tensor4D, [[0, 0], [crop, crop], [crop, crop], [0, 0]]);
  const rows = pick(padded, tf.add(offset(), line(height)), 1);
  return pick(rows, tf.add(offset(), columns), 2);
}

/** Picks the rows (axis 1) or columns (axis 2) of each image at `positions`, [batch, n]. */
function pick(images: Tensor, positions: Tensor, axis: number): Tensor {
  return tf.gather(images, tf.cast(positions, "int32"), axis, 1);
}

/**
 * Scales each image's brightness, contrast and colour, in this order, by factors within 1 ±
 * `jitter`: towards black, towards the mean grey of the image, towards the grey of each pixel.
 */
function jitterColours(images: Tensor, jitter: number, random: Random): Tensor {
  const bright = scaleDistance(images, 0, jitter, random);
  const contrasted = scaleDistance(bright, tf.mean(bright, [1, 2, 3], true), jitter, random);
  return scaleDistance(contrasted, tf.mean(contrasted, 3, true), jitter, random);
}

/** Scales each image's distance from `towards` by its own factor within 1 ± `by`. */
function scaleDistance(
  images: Tensor,
  towards: Tensor | number,
  by: number,
  random: Random,
): Tensor {
  const factor = tf.add(tf.mul(random.uniform([images.shape[0], 1, 1, 1]), 2 * by), 1 - by);
  return tf.clipByValue(tf.add(tf.mul(tf.sub(images, towards), factor), towards), 0, 255);
}

/**
 * Makes a square of this side grey in each image. Its centre is anywhere, and the part outside of
 * the image is cut off.
 */
function cutOut(images: Tensor, side: number, random: Random): Tensor {
  const [batch, height, width] = images.shape;
  const within = (length: number) => {
    const from = tf.sub(tf.floor(tf.mul(random.uniform([batch, 1]), length)), side >> 1);
    const line = tf.range(0, length, 1, "float32");
    return tf.logicalAnd(tf.greaterEqual(line, from), tf.less(line, tf.add(from, side)));
  };
  const square = tf.logicalAnd(
    tf.reshape(within(height), [batch, height, 1, 1]),
    tf.reshape(within(width), [batch, 1, width, 1]),
  );
  return tf.where(square, tf.scalar(GREY), images);
}

const GREY = 127.5;

/** Normalises pixels 0 … 255 for a network: (pixel / 255 − mean) / std per channel. */
export function normalisePixels(images: Tensor, { mean, std }: Normalisation): Tensor {
  const scale = std.map((s) => 1 / (255 * s));
  const shift = mean.map((m, i) => -m / std[i]);
  return tf.add(tf.mul(images, tf.tensor1d(scale)), tf.tensor1d(shift));
}
