import type { Json } from "../values/json.ts";
import type { Random } from "../kernels/random_uniform.ts";
import type { Task } from "../tasks/task.ts";
import type { Tensor } from "../kernels/tensor.ts";

/**
 * Which pass over the training images is read: where reading takes chance (a part of an image of
 * any size), the numbers are a function of this and of the image's index, so that a resumed run
 * reads the same.
 */
export interface Draw {
  /** The run's seed. */
  readonly seed: number;
  /** The epoch, counted from 1. */
  readonly epoch: number;
}

/** One part of an opened data set: images of one shape with a class each, read by index. */
export interface Split {
  /** How many images there are. */
  readonly size: number;
  /** The class of each image, 0 … classes − 1. */
  readonly labels: Int32Array;
  /**
   * The split that it is a part of, and where each of its images is in there; absent: none. A task
   * reads labels of its own from that.
   */
  readonly partOf?: { readonly split: Split; readonly indices: Uint32Array };
  /**
   * The images at these indices, one after the other: `indices.length` × height × width × channels
   * bytes, channels last, 0 … 255. Without `draw` they are read as for an evaluation, which takes
   * no chance. Rejects with a `Failure` (exit 3) that names the file where one cannot be read.
   */
  read(indices: ArrayLike<number>, draw?: Draw): Promise<Uint8Array>;
}

/** A data set whose files were found and checked. */
export interface Opened {
  /** The name of each class; its length is the number of classes. */
  readonly classes: readonly string[];
  /** Height, width and channels of every image. */
  readonly image: readonly [height: number, width: number, channels: number];
  /** What is trained on, before anything is held out. */
  readonly train: Split;
  /** What is reported on. */
  readonly test: Split;
  /** Releases files and workers. */
  close(): void;
}

/** How a training image is changed at random, inside the step; each in an image of its own way. */
export interface Augmentation {
  /**
   * Pixels of zero padding on each side before a random crop of the image's own size; 0 crops
   * nothing.
   */
  readonly crop: number;
  /** Whether half of the images are mirrored. */
  readonly flip: boolean;
  /**
   * By how much brightness alone is scaled, before `jitter`: by a factor within 1 ± this, 0 … 1;
   * absent: not at all.
   */
  readonly brightness?: number;
  /**
   * By how much brightness, contrast and colour are scaled: each by a factor within 1 ± this, 0 …
   * 1; absent: not at all.
   */
  readonly jitter?: number;
  /**
   * Side in pixels of a square that becomes grey, its centre anywhere in the image; absent: none.
   */
  readonly cutout?: number;
}

/** A batch whose images were mixed in pairs. */
export interface Mixed {
  /** The mixed images, [batch, height, width, channels]. */
  readonly image: Tensor;
  /** Where in the batch each image's partner is, int32 [batch]. */
  readonly partner: Tensor;
  /**
   * λ: the share that an image has of itself, and its label of its loss; its partner's is 1 − λ. A
   * scalar.
   */
  readonly share: Tensor;
}

/** A way to mix images: what a data set is given as `mix`. */
export interface Mix {
  /** `mixup`, `cutmix`. */
  readonly id: string;
  /** Everything that makes it what it is; part of the declaration. */
  readonly options: { readonly [option: string]: Json };
  /**
   * Mixes a batch of images, [batch, height, width, channels]; with the same random numbers other
   * images in the same way.
   */
  readonly mix: (images: Tensor, random: Random) => Mixed;
}

/**
 * Mean and standard deviation per channel of pixels scaled to [0, 1]; an image becomes (pixel / 255
 * − mean) / std.
 */
export interface Normalisation {
  /** One mean per channel. */
  readonly mean: readonly number[];
  /** One standard deviation per channel. */
  readonly std: readonly number[];
}

/** What every data set can be asked for. */
export interface DatasetOptions {
  /**
   * Training images, stratified by class, that are kept back to choose the best epoch; drawn from
   * the run's own seed.
   */
  readonly holdout?: number;
  /**
   * Training images, stratified by class, that the data set is cut down to: another data set, with
   * its own declaration.
   */
  readonly take?: number;
}

/**
 * A data set as an experiment declares it: a value that has opened no file. `M` says whether it
 * mixes images, `V` what its further views are called: methods that need hard labels or a view are
 * held to it.
 */
export interface Dataset<M extends Mix | undefined = undefined, V extends string = never> {
  /** The name of the function that made it, e.g. `cifar100`. */
  readonly id: string;
  /** Everything that makes it what it is; part of the declaration. */
  readonly options: Json;
  /** What is learned from it, and how that is scored. */
  readonly task: Task;
  /** Training images held out, 0 for none. */
  readonly holdout: number;
  /** Training images to cut down to; absent: all. */
  readonly take?: number;
  /** How training images are changed at random. */
  readonly augmentation: Augmentation;
  /** How training images are mixed once they are augmented and normalised; absent: not at all. */
  readonly mix?: M;
  /**
   * Further views of each training image, augmented in their own ways and mixed as the image is;
   * absent: none.
   */
  readonly views?: { readonly [K in V]: Augmentation };
  /** How pixels become the network's input. */
  readonly normalisation: Normalisation;
  /** How images of another size become the data set's own; absent where all have it. */
  readonly resize?: string;
  /**
   * Finds the files below `folder` (downloading what may be downloaded, with progress on `log`,
   * unless it is a `dry` run, which writes nothing) and checks them. Rejects with a `Failure` of
   * exit 3; of exit 2 where `take` is more than there is.
   */
  open(folder: string, log?: (line: string) => void, dry?: boolean): Promise<Opened>;
}
