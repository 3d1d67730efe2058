import { coco, type CocoOptions } from "../../datasets/coco.ts";
import { tinyImagenet, type TinyImagenetOptions } from "../../datasets/tiny_imagenet.ts";
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

type AnyDataset = Dataset<Mix | undefined, string, Net>;

/** The data sets of which those in `experiments/` are subsets, with the options that say sizes. */
const WHOLE: Readonly<Record<string, (options: never) => AnyDataset>> = {
  coco: wholeCoco,
  coco_by_heart: wholeCoco,
  tinyImagenet: ({ size, take }: TinyImagenetOptions) => tinyImagenet({ size, take }),
};

function wholeCoco({ shorter, longer, square, take }: CocoOptions): AnyDataset {
  return coco({ shorter, longer, square, take });
}

/**
 * Gives the sizes of a data set in `experiments/` without its files. Throws if they are unknown.
 */
export function imagesOf({ id, options, ...dataset }: AnyDataset): Images {
  const sizes = dataset.sizes ?? WHOLE[id]?.(options as never).sizes;
  if (sizes) return { image: sizes.image, classes: sizes.classes, size: sizes.train };
  if (id !== "imageFolder") {
    throw new Error(`the images of ${id} are unknown: add them to tests/support/images_of.ts`);
  }
  // The image folders in `experiments/` hold CIFAR-10.
  const { size, take = 50_000 } = options as unknown as { readonly size: number; take?: number };
  return { image: [size, size, 3], classes: 10, size: take };
}
