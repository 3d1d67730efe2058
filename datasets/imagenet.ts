import type { Dataset, Mix } from "../lib/data/dataset.ts";
import { Failure } from "../lib/values/failure.ts";
import { classFolders } from "./images/class_folders.ts";
import type { CentreCut, NumberRange } from "./images/cut.ts";
import { declare, type ImageOptions, inside, whole } from "./declare.ts";
import { imageSplit } from "./images/image_split.ts";
import { openImages } from "./images/open_images.ts";

/** Options of `imagenet`. */
export interface ImagenetOptions<M extends Mix | undefined = undefined, V extends string = never>
  extends ImageOptions<M, V> {
  /** The directory in the data folder, or the `.zip` of it; `imagenet` by default. */
  readonly folder?: string;
  /** Height and width in pixels of what a network sees; 224 by default. */
  readonly size?: number;
  /**
   * Pixels that a test image's shorter side is scaled to before its middle is cut out, `size` or
   * more; 256 by default.
   */
  readonly shorter?: number;
  /**
   * The share of a training image's area that is cut out, uniform between these; .08 to 1 by
   * default.
   */
  readonly area?: NumberRange;
  /**
   * Width by height of what is cut out of a training image; 3/4 to 4/3 by default, its logarithm
   * uniform.
   */
  readonly ratio?: NumberRange;
}

/** What has to be where. */
const EXPECTED =
  "expected are ImageNet's ILSVRC2012 images, which its authors give to whoever registers with them, in a " +
  "folder per class in both parts: train/<wnid>/*.JPEG (each class's tar unpacked to its own) and val/<wnid>/*.JPEG (each " +
  "image moved to the folder of its class)";

/**
 * ImageNet (ILSVRC2012) in a folder per class: 1,281,167 training images, and the 50,000 validation
 * images as the test images; a part of the classes is as good. The classes are the sorted WordNet
 * ids, which are their names too. By default torchvision's recipe, which everybody's code has: of a
 * training image a part of random area and ratio, scaled to 224 × 224 pixels, and flips; of a test
 * image the middle 224 × 224 after scaling its shorter side to 256; all scaling bilinear with
 * antialiasing. SHAKE's supplement adds `brightness` without saying how much. Images are read and
 * decoded while the step runs and never kept; views of an image are all of the same part.
 */
export function imagenet<M extends Mix | undefined = undefined, V extends string = never>(
  {
    folder = "imagenet",
    size = 224,
    shorter = 256,
    area = [0.08, 1],
    ratio = [3 / 4, 4 / 3],
    ...options
  }: ImagenetOptions<M, V> = {},
): Dataset<M, V> {
  inside("imagenet", "folder", folder);
  whole("imagenet", "size", size, 1);
  whole("imagenet", "shorter", shorter, size);
  range("area", area, 1);
  range("ratio", ratio, Infinity);
  const own = { folder, size, shorter, area, ratio };
  const centre: CentreCut = { kind: "centre", size, shorter };
  const defaults = {
    crop: 0,
    flip: true,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  } as const;
  const declared = declare(
    "imagenet",
    own,
    defaults,
    options,
    (data) =>
      openImages(
        { path: `${data}/${folder}`, unwrap: true, expected: EXPECTED },
        (tree, decoders) => {
          const { classes, train, test } = classFolders(tree, "train", "val");
          return {
            classes,
            image: [size, size, 3],
            train: imageSplit(tree, train, decoders, size, (index, draw) =>
              draw
                ? {
                  kind: "random",
                  size,
                  area,
                  ratio,
                  seed: draw.seed,
                  stream: `part/${draw.epoch}/${index}`,
                }
                : centre),
            test: imageSplit(tree, test, decoders, size, () => centre),
          };
        },
      ),
  );
  return {
    ...declared,
    resize:
      `scaled to ${shorter} pixels on the shorter side (bilinear, with antialiasing), then cut to the middle`,
  };
}

/**
 * Throws a `Failure` (exit 2) that names the option, unless it is above 0, ascending and at most
 * this.
 */
function range(option: string, [least, largest]: NumberRange, most: number): void {
  if (!(least > 0 && largest >= least && largest <= most && Number.isFinite(largest))) {
    throw new Failure(
      2,
      `imagenet: \`${option}\` is [${least}, ${largest}]; both have to be above 0, the second no less than the first${
        most === 1 ? " and at most 1" : ""
      }`,
    );
  }
}
