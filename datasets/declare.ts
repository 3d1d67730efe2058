import type { Augmentation, Dataset, DatasetOptions, Mix, Opened } from "../lib/data/dataset.ts";
import { Failure } from "../lib/values/failure.ts";
import type { Json } from "../lib/values/json.ts";
import { cutDown } from "../lib/data/split.ts";
import { staysInside } from "../lib/files/path_safety.ts";
import { classification } from "../lib/tasks/classification.ts";

/** Red, green and blue. */
export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * What every data set of colour images can be asked for; what is not given is the data set's own
 * default. `M` says whether images are mixed, `V` what further views are called.
 */
export interface ImageOptions<M extends Mix | undefined = undefined, V extends string = never>
  extends DatasetOptions {
  /**
   * Pixels of zero padding on each side before a random crop of the image's own size; 0 crops
   * nothing.
   */
  readonly crop?: number;
  /** Whether half of the training images are mirrored. */
  readonly flip?: boolean;
  /**
   * By how much each training image's brightness is scaled: by a factor within 1 ± this, 0 … 1; not
   * at all unless said otherwise.
   */
  readonly brightness?: number;
  /** The mean of each channel, of pixels scaled to [0, 1]. */
  readonly mean?: Rgb;
  /** The standard deviation of each channel, of pixels scaled to [0, 1]. */
  readonly std?: Rgb;
  /** How training images are mixed, `mixup()` or `cutmix()`; not at all unless said otherwise. */
  readonly mix?: M;
  /**
   * Further views of each training image for methods that ask for them, each augmented as the
   * images are but for what it says.
   */
  readonly views?: { readonly [K in V]: Partial<Augmentation> };
}

/** What a data set does with its images unless it is asked for something else. */
export type ImageDefaults = Required<Pick<ImageOptions, "crop" | "flip" | "mean" | "std">>;

/**
 * Throws a `Failure` (exit 2) that names the option, unless it is a whole number of at least
 * `least`.
 */
export function whole(dataset: string, option: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new Failure(
      2,
      `${dataset}: \`${option}\` is ${value}; it has to be a whole number, ${least} or more`,
    );
  }
}

/**
 * A data set as a value. `own` are the options that only this data set has, defaults filled in;
 * `open` finds its files and need not know of `take`. Throws a `Failure` (exit 2) at an option that
 * makes no sense.
 */
export function declare<M extends Mix | undefined, V extends string>(
  id: string,
  own: { readonly [option: string]: Json },
  defaults: ImageDefaults,
  options: ImageOptions<M, V>,
  open: Dataset["open"],
): Dataset<M, V> {
  const {
    holdout = 0,
    take,
    crop = defaults.crop,
    flip = defaults.flip,
    mean = defaults.mean,
    std = defaults.std,
  } = options;
  const { mix, brightness } = options;
  const augmentation = { crop, flip, ...brightness !== undefined && { brightness } };
  const views = options.views && viewsOf(id, options.views, augmentation);
  whole(id, "holdout", holdout, 0);
  whole(id, "crop", crop, 0);
  share(id, "brightness", brightness);
  if (take !== undefined) whole(id, "take", take, 1);
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
      mean,
      std,
      mix: mix && { id: mix.id, ...mix.options },
      views,
    },
    task: classification,
    holdout,
    take,
    augmentation,
    mix,
    views,
    normalisation: { mean, std },
    async open(folder, log, dry) {
      const opened = await open(folder, log, dry);
      return take === undefined ? opened : cut(opened, take);
    },
  };
}

/** Throws a `Failure` (exit 2) that names the option, unless it is a path that leads no way out. */
export function inside(dataset: string, option: string, path: string): void {
  if (!staysInside(path) || path.endsWith("/")) {
    throw new Failure(
      2,
      `${dataset}: \`${option}\` is ${JSON.stringify(path)}; it has to be a path inside, like a/b`,
    );
  }
}

/** Throws a `Failure` (exit 2) that names the option, unless it is between 0 and 1 or not given. */
function share(dataset: string, option: string, value = 0): void {
  if (!(value >= 0 && value <= 1)) {
    throw new Failure(2, `${dataset}: \`${option}\` is ${value}; it has to be between 0 and 1`);
  }
}

/** An `Augmentation` that can stand in a declaration, which an interface's open ends cannot. */
type ViewOptions = { [K in keyof Augmentation]: Augmentation[K] };

/** How each view is augmented: as the images are but for what it says. */
function viewsOf<V extends string>(
  id: string,
  views: { readonly [K in V]: Partial<Augmentation> },
  usual: Augmentation,
): { readonly [K in V]: ViewOptions } {
  const made = Object.entries<Partial<Augmentation>>(views).map(([name, view]) => {
    whole(id, `views.${name}.crop`, view.crop ?? 0, 0);
    whole(id, `views.${name}.cutout`, view.cutout ?? 0, 0);
    share(id, `views.${name}.brightness`, view.brightness);
    share(id, `views.${name}.jitter`, view.jitter);
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
