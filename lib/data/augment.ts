import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import type { Augmentation, Normalisation } from "./dataset.ts";
import { gather } from "../kernels/gather.ts";
import type { Random } from "../kernels/random_uniform.ts";

/**
 * Training images changed at random inside the step. [batch, height, width, channels] in and out,
 * pixels 0 … 255.
 */
export function augment(
  images: Tensor,
  { crop, flip, brightness = 0, jitter = 0, cutout = 0 }: Augmentation,
  random: Random,
): Tensor {
  const moved = move(images, crop, flip, random);
  const lit = brightness === 0 ? moved : scaled(moved, 0, brightness, random);
  const coloured = jitter === 0 ? lit : colour(lit, jitter, random);
  return cutout === 0 ? coloured : cut(coloured, cutout, random);
}

/**
 * Zero padding, a crop of the old size at a position of its own for each image, and half of them
 * mirrored.
 */
function move(images: Tensor, crop: number, flip: boolean, random: Random): Tensor {
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

/** The rows (axis 1) or columns (axis 2) that `positions`, [batch, n], name for each image. */
function pick(images: Tensor, positions: Tensor, axis: number): Tensor {
  return gather(images, tf.cast(positions, "int32"), axis, 1);
}

/**
 * Each image's brightness, contrast and colour scaled, in this order, by factors within 1 ±
 * `jitter`: towards black, towards the mean grey of the image, towards the grey of each pixel.
 */
function colour(images: Tensor, jitter: number, random: Random): Tensor {
  const bright = scaled(images, 0, jitter, random);
  const contrasted = scaled(bright, tf.mean(bright, [1, 2, 3], true), jitter, random);
  return scaled(contrasted, tf.mean(contrasted, 3, true), jitter, random);
}

/** Each image's distance from `towards` scaled by a factor of its own within 1 ± `by`. */
function scaled(images: Tensor, towards: Tensor | number, by: number, random: Random): Tensor {
  const factor = tf.add(tf.mul(random.uniform([images.shape[0], 1, 1, 1]), 2 * by), 1 - by);
  return tf.clipByValue(tf.add(tf.mul(tf.sub(images, towards), factor), towards), 0, 255);
}

/** A grey square of this side in each image, its centre anywhere; what sticks out is cut off. */
function cut(images: Tensor, side: number, random: Random): Tensor {
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

/** Pixels 0 … 255 as a network takes them: (pixel / 255 − mean) / std per channel. */
export function normalisePixels(images: Tensor, { mean, std }: Normalisation): Tensor {
  const scale = std.map((s) => 1 / (255 * s));
  const shift = mean.map((m, i) => -m / std[i]);
  return tf.add(tf.mul(images, tf.tensor1d(scale)), tf.tensor1d(shift));
}
