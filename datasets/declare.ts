import type { Augmentation, Dataset, DatasetOptions, Mix, Opened } from "../lib/dataset.ts";
import { Failure } from "../lib/failure.ts";
import type { Json } from "../lib/json.ts";
import { cutDown } from "../lib/split.ts";

/** Red, green and blue. */
export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * What every data set of colour images can be asked for; what is not given is the data set's own default. `M` says whether
 * images are mixed, `V` what further views are called.
 */
export interface ImageOptions<M extends Mix | undefined = undefined, V extends string = never> extends DatasetOptions {
  /** Pixels of zero padding on each side before a random crop of the image's own size; 0 crops nothing. */
  readonly crop?: number;
  /** Whether half of the training images are mirrored. */
  readonly flip?: boolean;
  /** The mean of each channel, of pixels scaled to [0, 1]. */
  readonly mean?: Rgb;
  /** The standard deviation of each channel, of pixels scaled to [0, 1]. */
  readonly std?: Rgb;
  /** How training images are mixed, `mixup()` or `cutmix()`; not at all unless said otherwise. */
  readonly mix?: M;
  /** Further views of each training image for methods that ask for them, each augmented as the images are but for what it says. */
  readonly views?: { readonly [K in V]: Partial<Augmentation> };
}

/** What a data set does with its images unless it is asked for something else. */
export type ImageDefaults = Required<Pick<ImageOptions, "crop" | "flip" | "mean" | "std">>;

/** Throws a `Failure` (exit 2) that names the option, unless it is a whole number of at least `least`. */
export function whole(dataset: string, option: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new Failure(2, `${dataset}: \`${option}\` is ${value}; it has to be a whole number, ${least} or more`);
  }
}

/**
 * A data set as a value. `own` are the options that only this data set has, defaults filled in; `open` finds its files
 * and need not know of `take`. Throws a `Failure` (exit 2) at an option that makes no sense.
 */
export function declare<M extends Mix | undefined, V extends string>(
  id: string,
  own: { readonly [option: string]: Json },
  defaults: ImageDefaults,
  options: ImageOptions<M, V>,
  open: Dataset["open"],
): Dataset<M, V> {
  const { holdout = 0, take, crop = defaults.crop, flip = defaults.flip, mean = defaults.mean, std = defaults.std } =
    options;
  const { mix } = options, views = options.views && viewsOf(id, options.views, { crop, flip });
  whole(id, "holdout", holdout, 0);
  whole(id, "crop", crop, 0);
  if (take !== undefined) whole(id, "take", take, 1);
  if (!mean.every(Number.isFinite) || !std.every((one) => one > 0 && Number.isFinite(one))) {
    throw new Failure(2, `${id}: \`mean\` has to be finite and \`std\` above 0, not [${mean}] and [${std}]`);
  }
  return {
    id,
    options: { ...own, holdout, take, crop, flip, mean, std, mix: mix && { id: mix.id, ...mix.options }, views },
    holdout,
    take,
    augmentation: { crop, flip },
    mix,
    views,
    normalisation: { mean, std },
    async open(folder, log) {
      const opened = await open(folder, log);
      return take === undefined ? opened : cut(opened, take);
    },
  };
}

/** How each view is augmented: as the images are but for what it says. */
function viewsOf<V extends string>(
  id: string,
  views: { readonly [K in V]: Partial<Augmentation> },
  usual: { readonly crop: number; readonly flip: boolean },
): { readonly [K in V]: { crop: number; flip: boolean; jitter?: number; cutout?: number } } {
  const made = Object.entries<Partial<Augmentation>>(views).map(([name, view]) => {
    const { jitter = 0 } = view;
    whole(id, `views.${name}.crop`, view.crop ?? 0, 0);
    whole(id, `views.${name}.cutout`, view.cutout ?? 0, 0);
    if (!(jitter >= 0 && jitter <= 1)) {
      throw new Failure(2, `${id}: \`views.${name}.jitter\` is ${jitter}; it has to be between 0 and 1`);
    }
    return [name, { ...usual, ...view }];
  });
  return Object.fromEntries(made);
}

/** The opened data set with its training images cut down; closed where that fails. */
function cut(opened: Opened, take: number): Opened {
  try {
    return { ...opened, train: cutDown(opened.train, take) };
  } catch (error) {
    opened.close();
    throw error;
  }
}
