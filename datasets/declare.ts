import {
  type Augmentation,
  type Dataset,
  type DatasetOptions,
  type DatasetSizes,
  type Mix,
  type OpenDataset,
  picturesOf,
} from "../lib/data/dataset.ts";
import type { Policy } from "../lib/data/policy.ts";
import { policySplit } from "../lib/data/policy_split.ts";
import type { RandomErasing } from "../lib/data/random_erasing.ts";
import { Failure } from "../lib/values/failure.ts";
import type { Json } from "../lib/values/json.ts";
import { below1, between, checkRange, checkRanges, whole } from "../lib/values/range.ts";
import { cutDown } from "../lib/data/split.ts";
import { staysInside } from "../lib/files/path_safety.ts";
import { classification, smoothedClassification } from "../lib/tasks/classification.ts";

/** A value for red, green and blue. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** The means and standard deviations of ImageNet's channels, as torchvision has them. */
export const imagenetNormalisation = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
} as const satisfies Pick<ImageOptions, "mean" | "std">;

/**
 * Options of every data set of colour images. Defaults without a value here are the data set's own.
 * `M` is the type of `mix`, `V` that of the names of `views`.
 */
export interface ImageOptions<M extends Mix | undefined = undefined, V extends string = never>
  extends DatasetOptions {
  /**
   * Pixels of zero padding on each side before a random crop of the image's own size. 0 means no
   * crop.
   */
  readonly crop?: number;
  /** Whether each training image is mirrored with probability 1/2. */
  readonly flip?: boolean;
  /**
   * The range of the random factor that scales each training image's brightness: 1 ± this, 0 … 1.
   * Default: none.
   */
  readonly brightness?: number;
  /**
   * Changes of each training image's bytes after crop and flip: `randAugment()`, `autoAugment()`,
   * `colourJitter()` or `fixMatchAugment()`. Workers make them while the images are read, from the
   * run's seed. Default: none.
   */
  readonly policy?: Policy;
  /** What is erased in training images after normalisation: `randomErasing()`. Default: nothing. */
  readonly erase?: RandomErasing;
  /**
   * How often an epoch shows an image, each time changed in another way: repeated augmentation. With
   * 2 or more an epoch is about as long as with 1 (a multiple of 256 images), so that it shows a
   * part of them only. Default: 1.
   */
  readonly repeats?: number;
  /** The mean of each channel, of pixels scaled to [0, 1]. */
  readonly mean?: Rgb;
  /** The standard deviation of each channel, of pixels scaled to [0, 1]. */
  readonly std?: Rgb;
  /** The way to mix training images: `mixup()`, `cutmix()` or `mixupOrCutmix()`. Default: none. */
  readonly mix?: M;
  /**
   * ε of label smoothing, below 1: the target is 1 − ε + ε / C for the right one of C classes and ε
   * / C for each other one. Default: 0.
   */
  readonly smoothing?: number;
  /**
   * Further views of each training image, for methods that need them. A view overrides parts of the
   * images' augmentation. Default: none.
   */
  readonly views?: { readonly [K in V]: Partial<Augmentation> };
}

/** The defaults of a data set. */
export type ImageDefaults = Required<Pick<ImageOptions, "crop" | "flip" | "mean" | "std">>;

/**
 * Declares a data set. `own` has the options that only this data set has, with defaults filled in.
 * `open` opens its files and ignores `take`, which is applied here and to `published`, the sizes
 * that it has without it, if they are known. Throws a `Failure` (exit 2) if an option is out of
 * range.
 */
export function declare<M extends Mix | undefined, V extends string>(
  id: string,
  own: { readonly [option: string]: Json | undefined },
  defaults: ImageDefaults,
  options: ImageOptions<M, V>,
  open: Dataset["open"],
  published?: DatasetSizes,
): Dataset<M, V> {
  const {
    holdout = 0,
    take,
    crop = defaults.crop,
    flip = defaults.flip,
    mean = defaults.mean,
    std = defaults.std,
  } = options;
  const { mix, brightness, policy, erase, smoothing = 0 } = options;
  const repeats = options.repeats === 1 ? undefined : options.repeats;
  const augmentation = {
    crop,
    flip,
    ...brightness !== undefined && { brightness },
    ...policy && { policy },
    ...erase && { erase },
  };
  const views = options.views && viewsOf(id, options.views, augmentation);
  const pictures = picturesOf({ augmentation, views });
  checkRanges(id, { holdout, take, crop, brightness, repeats, smoothing }, {
    holdout: whole(0),
    take: whole(),
    crop: whole(0),
    brightness: between(),
    repeats: whole(),
    smoothing: below1,
  });
  if (!mean.every(Number.isFinite) || !std.every((one) => one > 0 && Number.isFinite(one))) {
    throw new Failure(
      2,
      `${id}: \`mean\` has to be finite and \`std\` above 0, not [${mean}] and [${std}]`,
    );
  }
  return {
    id,
    options: {
      ...own,
      holdout,
      take,
      ...augmentation,
      repeats,
      mean,
      std,
      mix: mix && { id: mix.id, ...mix.options },
      smoothing: smoothing === 0 ? undefined : smoothing,
      views,
    },
    source: own,
    task: smoothing === 0 ? classification : smoothedClassification(smoothing),
    holdout,
    take,
    augmentation,
    repeats,
    mix,
    views,
    normalisation: { mean, std },
    sizes: published && { ...published, train: take ?? published.train },
    async open(folder, log, dry) {
      const opened = checkClasses(id, await open(folder, log, dry));
      const train = repeats === undefined ? opened.train : { ...opened.train, repeats };
      const shown = withPolicies({ ...opened, train }, pictures, mean);
      return take === undefined ? shown : takeTraining(shown, take);
    },
  };
}

/** Throws a `Failure` (exit 2) that names the option if the path leads out of its folder. */
export function checkInside(dataset: string, option: string, path: string): void {
  if (!staysInside(path) || path.endsWith("/")) {
    throw new Failure(
      2,
      `${dataset}: \`${option}\` is ${
        JSON.stringify(path)
      }; it has to be a relative path that stays in its folder, like a/b`,
    );
  }
}

/** An `Augmentation` as a type alias: an interface is not assignable to `Json`. */
type ViewOptions = { [K in keyof Augmentation]: Augmentation[K] };

/** The full augmentation of each view: the images' one with the view's overrides. */
function viewsOf<V extends string>(
  id: string,
  views: { readonly [K in V]: Partial<Augmentation> },
  usual: Augmentation,
): { readonly [K in V]: ViewOptions } {
  const entries = Object.entries<Partial<Augmentation>>(views).map(([name, view]) => {
    checkRange(id, `views.${name}.crop`, view.crop, whole(0));
    checkRange(id, `views.${name}.cutout`, view.cutout, whole(0));
    checkRange(id, `views.${name}.brightness`, view.brightness, between());
    checkRange(id, `views.${name}.jitter`, view.jitter, between());
    // Of these two `undefined` means the usual; of the others it means none.
    const { crop = usual.crop, flip = usual.flip } = view;
    return [name, { ...usual, ...view, crop, flip }];
  });
  return Object.fromEntries(entries);
}

/** Closes an open data set with a `Failure` (exit 3) if there are no two classes to tell apart. */
function checkClasses(id: string, opened: OpenDataset): OpenDataset {
  const { classes } = opened;
  if (classes.length > 1) return opened;
  opened.close();
  throw new Failure(
    3,
    `${id} has ${classes.length === 0 ? "no class" : `one class only, ${classes[0]}`}: ` +
      "there is nothing to learn from fewer than two",
  );
}

/** Changes the training images by the policies of these pictures. Default: by none. */
function withPolicies(
  opened: OpenDataset,
  pictures: readonly Augmentation[] | undefined,
  [red, green, blue]: Rgb,
): OpenDataset {
  if (!pictures) return opened;
  const byte = (share: number) => Math.min(255, Math.max(0, Math.round(255 * share)));
  const fill = [byte(red), byte(green), byte(blue)] as const;
  const train = policySplit(opened.train, { image: opened.image, pictures, fill });
  const close = () => {
    train.close();
    opened.close();
  };
  return { ...opened, train, close };
}

/** Reduces an open data set to `take` training images, or closes it if that fails. */
function takeTraining(opened: OpenDataset, take: number): OpenDataset {
  try {
    return { ...opened, train: cutDown(opened.train, take) };
  } catch (error) {
    opened.close();
    throw error;
  }
}
