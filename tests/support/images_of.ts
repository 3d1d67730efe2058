import type { Dataset, Mix } from "../../lib/data/dataset.ts";
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

type Options = Readonly<Record<"size" | "classes" | "train", number>>;
type Facts = readonly [side: number, classes: number, size: number];

const FACTS: Readonly<Record<string, (options: Options) => Facts>> = {
  cifar10: () => [32, 10, 50_000],
  cifar100: () => [32, 100, 50_000],
  // The image folders in `experiments/` hold CIFAR-10.
  imageFolder: ({ size }) => [size, 10, 50_000],
  imagenet: ({ size }) => [size, 1000, 1_281_167],
  synthetic: ({ size, classes, train }) => [size, classes, train],
  tinyImagenet: ({ size }) => [size, 200, 100_000],
};

/**
 * Gives the sizes of a data set in `experiments/` without its files. Throws if its id is unknown.
 */
export function imagesOf({ id, options, take }: Dataset<Mix | undefined, string>): Images {
  const facts = FACTS[id];
  if (!facts) {
    throw new Error(
      `the images of ${id} are unknown: add them to tests/support/images_of.ts`,
    );
  }
  const [side, classes, size] = facts(options as unknown as Options);
  return { image: [side, side, 3], classes, size: take ?? size };
}
