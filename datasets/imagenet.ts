import type { Dataset, Mix } from "../lib/data/dataset.ts";
import { Failure } from "../lib/values/failure.ts";
import { checkRange, whole } from "../lib/values/range.ts";
import { classFolders } from "./images/class_folders.ts";
import type { CentreCut, NumberRange } from "./images/cut.ts";
import { checkInside, declare, imagenetNormalisation, type ImageOptions } from "./declare.ts";
import { imageSplit } from "./images/image_split.ts";
import { openImages } from "./images/open_images.ts";
import type { Interpolation } from "./images/resample.ts";

/** Options of `imagenet`. */
export interface ImagenetOptions<M extends Mix | undefined = undefined, V extends string = never>
  extends ImageOptions<M, V> {
  /** The directory in the data folder, or its `.zip`. Default: `imagenet`. */
  readonly folder?: string;
  /** Height and width of a network's input in pixels. Default: 224. */
  readonly size?: number;
  /**
   * Pixels to which a test image's shorter side is scaled before its centre is cut out, `size` or
   * more. Default: 256.
   */
  readonly shorter?: number;
  /** The range of the share of a training image's area that is cut out. Default: .08 to 1. */
  readonly area?: NumberRange;
  /** The range of the cut's width divided by its height, log-uniform. Default: 3/4 to 4/3. */
  readonly ratio?: NumberRange;
  /**
   * How values between pixels are found when an image is scaled: as Pillow's `BILINEAR` or
   * `BICUBIC`, antialiased. DeiT's is `bicubic`. Default: `bilinear`.
   */
  readonly interpolation?: Interpolation;
}

/** The expected files, for messages. */
const EXPECTED =
  "expected: ImageNet's ILSVRC2012 images, available from its authors after registration, in a " +
  "folder per class in both parts: train/<wnid>/*.JPEG (each class's tar unpacked into its own " +
  "folder) and val/<wnid>/*.JPEG (each image moved to the folder of its class)";

/**
 * ImageNet (ILSVRC2012) in a folder per class: 1,281,167 training images, and the 50,000 validation
 * images as the test images. A subset of the classes works as well. The classes are the sorted
 * WordNet ids, which are also their names. The defaults are torchvision's recipe, which all
 * published code has. Training images: a part of random area and ratio, scaled to 224 × 224 pixels,
 * and flips. Test images: the central 224 × 224 pixels after scaling the shorter side to 256. All
 * scaling is bilinear with antialiasing; DeiT's is bicubic. SHAKE's supplement adds `brightness`
 * without its amount. Images are read and decoded while a step runs, and never cached. All views of
 * an image show the same part.
 */
export function imagenet<M extends Mix | undefined = undefined, V extends string = never>(
  {
    folder = "imagenet",
    size = 224,
    shorter = 256,
    area = [0.08, 1],
    ratio = [3 / 4, 4 / 3],
    interpolation,
    ...options
  }: ImagenetOptions<M, V> = {},
): Dataset<M, V> {
  checkInside("imagenet", "folder", folder);
  checkRange("imagenet", "size", size, whole());
  checkRange("imagenet", "shorter", shorter, whole(size));
  checkEnds("area", area, 1);
  checkEnds("ratio", ratio, Infinity);
  const own = { folder, size, shorter, area, ratio, interpolation };
  const centre: CentreCut = { kind: "centre", size, shorter, interpolation };
  const defaults = { crop: 0, flip: true, ...imagenetNormalisation };
  const dataset = declare(
    "imagenet",
    own,
    defaults,
    options,
    (data, log) =>
      openImages(
        { path: `${data}/${folder}`, top: "train", expected: EXPECTED },
        log,
        (tree, decoders) => {
          const { classes, train, test } = classFolders(tree, "train", "val", log);
          return {
            classes,
            image: [size, size, 3],
            train: imageSplit(tree, train, decoders, 3 * size ** 2, (draw) =>
              draw
                ? {
                  kind: "random",
                  size,
                  area,
                  ratio,
                  interpolation,
                  seed: draw.seed,
                  stream: `part/${draw.name}`,
                }
                : centre),
            test: imageSplit(tree, test, decoders, 3 * size ** 2, () => centre),
          };
        },
      ),
    folder === "imagenet" ? { image: [size, size, 3], classes: 1000, train: 1_281_167 } : undefined,
  );
  return {
    ...dataset,
    resize: `scaled to ${shorter} pixels on the shorter side (${
      interpolation ?? "bilinear"
    }, with antialiasing), then cut to the middle`,
    hub: "ILSVRC/imagenet-1k",
  };
}

/**
 * Throws a `Failure` (exit 2) that names the option if its range is not above 0, ascending and at
 * most `most`.
 */
function checkEnds(option: string, [least, largest]: NumberRange, most: number): void {
  if (!(least > 0 && largest >= least && largest <= most && Number.isFinite(largest))) {
    throw new Failure(
      2,
      `imagenet: \`${option}\` is [${least}, ${largest}]; both have to be above 0, the second not below the first${
        most === 1 ? " and at most 1" : ""
      }`,
    );
  }
}
