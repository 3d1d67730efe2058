import type { Json } from "./json.ts";

/** One part of an opened data set: images of one shape with a class each, read by index. */
export interface Split {
  /** How many images there are. */
  readonly size: number;
  /** The class of each image, 0 … classes − 1. */
  readonly labels: Int32Array;
  /**
   * The images at these indices, one after the other: `indices.length` × height × width × channels bytes, channels last, 0 … 255.
   * Rejects with a `Failure` (exit 3) that names the file where one cannot be read.
   */
  read(indices: ArrayLike<number>): Promise<Uint8Array>;
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

/** How a training image is changed at random, inside the step: zero padding and a crop of the old size, a left-right flip. */
export interface Augmentation {
  /** Pixels of zero padding on each side before a random crop of the image's own size; 0 crops nothing. */
  readonly crop: number;
  /** Whether half of the images are mirrored. */
  readonly flip: boolean;
}

/** Mean and standard deviation per channel of pixels scaled to [0, 1]; an image becomes (pixel / 255 − mean) / std. */
export interface Normalisation {
  /** One mean per channel. */
  readonly mean: readonly number[];
  /** One standard deviation per channel. */
  readonly std: readonly number[];
}

/** What every data set can be asked for. */
export interface DatasetOptions {
  /** Training images, stratified by class, that are kept back to choose the best epoch; drawn from the run's own seed. */
  readonly holdout?: number;
  /** Training images, stratified by class, that the data set is cut down to: another data set, with its own declaration. */
  readonly take?: number;
}

/** A data set as an experiment declares it: a value that has opened no file. */
export interface Dataset {
  /** The name of the function that made it, e.g. `cifar100`. */
  readonly id: string;
  /** Everything that makes it what it is; part of the declaration. */
  readonly options: Json;
  /** Training images held out, 0 for none. */
  readonly holdout: number;
  /** Training images to cut down to; absent: all. */
  readonly take?: number;
  /** How training images are changed at random. */
  readonly augmentation: Augmentation;
  /** How pixels become the network's input. */
  readonly normalisation: Normalisation;
  /** How images of another size become the data set's own; absent where all have it. */
  readonly resize?: string;
  /** Finds the files below `folder` (downloading what may be downloaded, with progress on `log`) and checks them. Rejects with a `Failure` of exit 3; of exit 2 where `take` is more than there is. */
  open(folder: string, log?: (line: string) => void): Promise<Opened>;
}
