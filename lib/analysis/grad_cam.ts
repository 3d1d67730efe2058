import * as tf from "@tensorflow/tfjs";
import { normalisePixels } from "../data/augment.ts";
import type { Normalisation } from "../data/dataset.ts";
import type { StepFunction } from "../engine/engine.ts";
import { openSubject, type Subject, type SubjectOptions } from "../evaluation/open_subject.ts";
import { resizeBilinear } from "../kernels/resize.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { lastMap, type Model } from "../nn/network.ts";
import { passes } from "../nn/pass.ts";
import { oneHot } from "../nn/ops.ts";
import { runAfter } from "../nn/tail.ts";
import { Failure } from "../values/failure.ts";

/** Where a network looks for a class, in images of one size. */
export interface ClassMaps {
  /** Height, width and channels of an image. */
  readonly image: readonly [height: number, width: number, channels: number];
  /** The pixels of the images, [images, height, width, channels], 0 … 255. */
  readonly pixels: Uint8Array;
  /** The class of each image, which its map is of. */
  readonly labels: Int32Array;
  /** The names of the classes. */
  readonly classes: readonly string[];
  /** How much each pixel counts for the class, 0 … 1, [images, height, width]. */
  readonly maps: Float32Array;
}

/**
 * Computes Grad-CAM++ of a trained network at its last map, on the test images at these indices.
 * Rejects with a `Failure`: exit 2 if there is no such image or the network has no map, exit 3 as
 * `openSubject` does.
 */
export async function classMaps(
  subject: Subject,
  images: readonly number[],
  options: SubjectOptions,
): Promise<ClassMaps> {
  using resources = new DisposableStack();
  resources.defer(options.status.close);
  const { opened, engine, model } = resources.use(await openSubject(subject, options));
  const { test, image, classes } = opened;
  const { id, normalisation } = subject.dataset;
  const absent = images.find((index) => index >= test.size);
  if (absent !== undefined) {
    throw new Failure(2, `${id} has the test images 0 to ${test.size - 1}, not ${absent}`);
  }
  const labels = Int32Array.from(images, (index) => test.labels[index]);
  const pixels = await test.read(images);
  const run = engine.compile(gradCamStep(model, lastMap(model), normalisation));
  const { maps } = await run({
    image: { shape: [images.length, ...image], data: pixels },
    label: { shape: [images.length], data: labels },
  });
  return { image, pixels, labels, classes, maps };
}

/**
 * Grad-CAM++ (Chattopadhay et al., 2018, arXiv:1710.11063) at one of the network's maps for a class
 * of each image, `label`: maps of the images' size, [batch, height, width], as the package
 * `grad-cam` scales them to 0 … 1, and the logits.
 */
export function gradCamStep(
  model: Model,
  tap: string,
  normalisation: Normalisation,
): StepFunction<"image" | "label", { maps: Tensor; logits: Tensor }> {
  return ({ image, label }) => {
    const { frozen } = passes();
    const { taps } = model.run(normalisePixels(image, normalisation), frozen);
    const score = () => {
      const logits = runAfter(model, tap, taps[tap], frozen);
      const own = oneHot(label, model.classes);
      return tf.sum(tf.mul(logits, own)) as tf.Scalar;
    };
    const { grads: [slope] } = tf.engine().gradients(score, [taps[tap]]);
    const [, height, width] = image.shape;
    return {
      values: { maps: scaledMaps(taps[tap], slope, height!, width!), logits: taps.logits },
      updates: [],
    };
  };
}

/** Weighs the channels of a map by equation 19, adds them up and scales the sum. */
function scaledMaps(map: Tensor, slope: Tensor, height: number, width: number): Tensor {
  const squares = tf.square(slope);
  const total = tf.sum(map, [1, 2], true);
  const below = tf.add(tf.mul(squares, tf.add(2, tf.mul(total, slope))), 1e-6);
  const weights = tf.sum(tf.mul(tf.relu(slope), tf.div(squares, below)), [1, 2], true);
  const sum = tf.relu(tf.sum(tf.mul(weights, map), -1, true));
  return tf.squeeze(toUnit(resizeBilinear(toUnit(sum), height, width)), [-1]);
}

/** Scales the numbers of each map to 0 … 1. A map of one number is 0. */
function toUnit(map: Tensor): Tensor {
  const raised = tf.sub(map, tf.min(map, [1, 2, 3], true));
  return tf.div(raised, tf.add(tf.max(raised, [1, 2, 3], true), 1e-7));
}
