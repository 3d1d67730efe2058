import type { Dataset, Mix } from "../../lib/data/dataset.ts";
import type { Net } from "../../lib/nn/network.ts";
import type { Shape } from "../../lib/nn/variables.ts";

/** The sizes of a data set. */
export interface Images {
  /** Height, width and channels. */
  readonly image: Shape;
  /** Number of classes. */
  readonly classes: number;
  /** Number of training images, hold-out included. */
  readonly size: number;
}

/**
 * Gives the sizes of a data set in `experiments/` without its files. Throws if they are unknown.
 */
export function imagesOf({ id, options, sizes }: Dataset<Mix | undefined, string, Net>): Images {
  if (sizes) return { image: sizes.image, classes: sizes.classes, size: sizes.train };
  if (id !== "imageFolder") {
    throw new Error(`the images of ${id} are unknown: add them to tests/support/images_of.ts`);
  }
  // The image folders in `experiments/` hold CIFAR-10.
  const { size, take = 50_000 } = options as unknown as { readonly size: number; take?: number };
  return { image: [size, size, 3], classes: 10, size: take };
}
