/** The images of a step, between the bytes of a batch and the networks. */
import * as tf from "@tensorflow/tfjs";
import { augment, normalisePixels } from "../data/augment.ts";
import { type Augmentation, type Mix, type Normalisation, picturesOf } from "../data/dataset.ts";
import { eraseRectangles } from "../data/random_erasing.ts";
import type { Random } from "../kernels/random_uniform.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Labels, Pairing, Task } from "../tasks/task.ts";

/** The changes to images before the networks see them. */
export interface ImageChanges {
  /** Random changes to the images. */
  readonly augmentation: Augmentation;
  /** Converts pixels to the networks' input. */
  readonly normalisation: Normalisation;
  /** How to mix the images. Default: not at all. */
  readonly mix?: Mix;
  /** Random changes to further views of the images. Default: no views. */
  readonly views?: { readonly [name: string]: Augmentation };
}

/** The images of a batch as networks see them. */
export interface PreparedImages {
  readonly image: Tensor;
  /** The same images, augmented in other ways. */
  readonly views: { readonly [name: string]: Tensor };
  /** How the images were mixed. `undefined` if they were not. */
  readonly pairing?: Pairing;
}

/**
 * Augments, normalises, erases and mixes the images and their further views. If a policy changed
 * one of them, `image` has a picture of each.
 */
export function prepareImages(
  { task, augmentation, normalisation, mix, views = {} }: ImageChanges & { readonly task: Task },
  image: Tensor,
  labels: Labels,
  random: Random,
): PreparedImages {
  // The same random numbers mix each view, so that it has the same labels.
  const prepare = (picture: Tensor, augmentation: Augmentation, stream: string) => {
    const pixels = augment(picture, augmentation, random.in(stream));
    const whole = networkImages({ task, normalisation }, pixels, labels);
    const { erase } = augmentation;
    const images = erase ? eraseRectangles(whole, erase, random.in("erase").in(stream)) : whole;
    return mix?.mix(images, random.in("mix").own) ?? { image: images };
  };
  const [own, ...others] = picturesOf({ augmentation, views })
    ? tf.unstack(image, 1)
    : [image, ...Object.keys(views).map(() => image)];
  const mixed = prepare(own, augmentation, "augment");
  return {
    image: mixed.image,
    views: Object.fromEntries(
      Object.entries(views).map((
        [name, augmentation],
        i,
      ) => [name, prepare(others[i], augmentation, `augment/${name}`).image]),
    ),
    pairing: "partner" in mixed ? mixed : undefined,
  };
}

/** Normalises pixels, and prepares them for the task by the labels. */
export function networkImages(
  { task: { prepare }, normalisation }: {
    readonly task: Task;
    readonly normalisation: Normalisation;
  },
  pixels: Tensor,
  labels: Labels,
): Tensor {
  const images = normalisePixels(pixels, normalisation);
  return prepare?.(images, labels) ?? images;
}
