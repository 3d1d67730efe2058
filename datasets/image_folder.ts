import type { Dataset, Mix } from "../lib/data/dataset.ts";
import { checkRange, whole } from "../lib/values/range.ts";
import { classFolders } from "./images/class_folders.ts";
import { describeSquare } from "./images/cut.ts";
import { checkInside, declare, imagenetNormalisation, type ImageOptions } from "./declare.ts";
import { squareSplit } from "./images/image_split.ts";
import { openImages } from "./images/open_images.ts";
import type { Interpolation } from "./images/resample.ts";

/** Options of `imageFolder`. */
export interface ImageFolderOptions<M extends Mix | undefined = undefined, V extends string = never>
  extends ImageOptions<M, V> {
  /** A directory or a `.zip` in the data folder, e.g. `cifar10-jpeg.zip`. */
  readonly folder: string;
  /** The folder in it with a folder of training images for each class. Default: `train`. */
  readonly train?: string;
  /** The folder in it with a folder of test images for each class. Default: `test`. */
  readonly test?: string;
  /**
   * Height and width of the images in pixels. Images of another size are cut to their central
   * square and scaled. Default: 32.
   */
  readonly size?: number;
  /**
   * How values between pixels are found when an image is scaled: as Pillow's `BILINEAR` or
   * `BICUBIC`, antialiased. DeiT's is `bicubic`. Default: `bilinear`.
   */
  readonly interpolation?: Interpolation;
}

/**
 * Image files in one folder per class (at any depth, endings in any case), in a directory or a zip
 * of the data folder: JPEG, PNG, WebP, BMP, TIFF, PPM and PGM. One line says how many files are left
 * out. The classes are the folders' names, sorted, and have to be the same in `train` and `test`.
 * Defaults: crops with 4 pixels of padding, flips, and ImageNet's means and standard deviations.
 */
export function imageFolder<M extends Mix | undefined = undefined, V extends string = never>(
  { folder, train = "train", test = "test", size = 32, interpolation, ...options }:
    ImageFolderOptions<M, V>,
): Dataset<M, V> {
  checkRange("imageFolder", "size", size, whole());
  for (const [option, name] of Object.entries({ folder, train, test })) {
    checkInside("imageFolder", option, name);
  }
  const defaults = { crop: 4, flip: true, ...imagenetNormalisation };
  const dataset = declare(
    "imageFolder",
    { folder, train, test, size, interpolation },
    defaults,
    options,
    (data, log) =>
      openImages({ path: `${data}/${folder}`, top: train }, log, (tree, decoders) => {
        const files = classFolders(tree, train, test, log);
        return {
          classes: files.classes,
          image: [size, size, 3],
          train: squareSplit(tree, files.train, decoders, size, interpolation),
          test: squareSplit(tree, files.test, decoders, size, interpolation),
        };
      }),
  );
  return { ...dataset, resize: describeSquare(interpolation) };
}
