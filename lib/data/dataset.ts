import type { Json } from "../values/json.ts";
import type { Policy } from "./policy.ts";
import type { RandomErasing } from "./random_erasing.ts";
import type { Detector } from "../nn/detector.ts";
import type { Net, Scorer } from "../nn/network.ts";
import type { Random } from "../kernels/random_uniform.ts";
import type { Task } from "../tasks/task.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Draw } from "../values/draw.ts";
import { Failure } from "../values/failure.ts";
import type { PaddedImages } from "./padded.ts";

/** A file with one image. */
export interface ImageSource {
  /** Its path in the data set's folder. */
  readonly name: string;
  /**
   * The image's own height and width in pixels, before anything is cut or scaled. `undefined` if the
   * beginning of the file does not tell them.
   */
  readonly size?: { readonly height: number; readonly width: number };
}

/** What is known of a file that has not been read. */
export interface FileLook {
  /** Bytes. */
  readonly size: number;
  /**
   * A text that changes whenever the file is written or replaced. It may change without that, as
   * for a copy or a file just written. `undefined` if `checksum` needs to read nothing.
   */
  readonly stamp?: string;
}

/** The files of a split's images, one each, by the image's index. They tell whether it has changed. */
export interface SplitFiles {
  /** The name of each file inside the data set, e.g. `train/cat/1.png`. */
  readonly names: readonly string[];
  /** Looks at a file. Throws a `Failure` (exit 3) that names it if that fails. */
  look(index: number): FileLook;
  /**
   * The CRC-32 of a file's bytes. Rejects with a `Failure` (exit 3) that names it if it cannot be
   * read.
   */
  checksum(index: number): Promise<number>;
}

/** One part of an opened data set: images with a class each, read by index. */
export interface Split {
  /** The number of images. */
  readonly size: number;
  /** The class of each image, 0 … classes − 1. */
  readonly labels: Int32Array;
  /** The shapes of images that do not all have the data set's. `undefined` if all have it. */
  readonly padded?: PaddedImages;
  /**
   * The number of pictures of each image, one after the other, that a read with a `draw` gives: the
   * image and its further views. `undefined` if it gives the image alone, of which a step makes
   * these.
   */
  readonly pictures?: number;
  /**
   * Number of times that an epoch shows an image. With 3 it shows a third of all images, each three
   * times. Default: 1.
   */
  readonly repeats?: number;
  /**
   * The larger split that contains this one, and the index of each image in it. A task reads labels
   * of its own there. `undefined` if this is no part of another split.
   */
  readonly partOf?: { readonly split: Split; readonly indices: Uint32Array };
  /** The images' files. `undefined` if an image is no file of its own. */
  readonly files?: SplitFiles;
  /**
   * Reads the images at these indices, one after the other: `indices.length` × height × width ×
   * channels bytes, channels last, 0 … 255. All images of a read have one shape. Without `draw` it
   * reads as for an evaluation: one picture of each image, without random choices. Rejects with a
   * `Failure` (exit 3) that names the file if one cannot be read.
   */
  read(indices: ArrayLike<number>, draw?: Draw): Promise<Uint8Array>;
  /**
   * Looks at the file of an image. `undefined` if images have no files of their own. Rejects as
   * `read` does.
   */
  source?(index: number): Promise<ImageSource>;
  /**
   * Looks for images that cannot be read, as far as that costs no more than a small part of an
   * epoch. Rejects as `read` does. `undefined` if all were read when the data set was opened.
   * Default of `indices`: all images.
   */
  check?(indices?: Iterable<number>): Promise<void>;
}

/** A data set whose files were found and checked. */
export interface OpenDataset {
  /** The name of each class; its length is the number of classes. */
  readonly classes: readonly string[];
  /** Height, width and channels of every image. Of padded images it is the first of their shapes. */
  readonly image: readonly [height: number, width: number, channels: number];
  /** The training images, before the hold-out is split off. */
  readonly train: Split;
  /** The images that scores are reported on. */
  readonly test: Split;
  /** The path of the files and their form, in words. `undefined` if there are no files. */
  readonly place?: string;
  /** Releases files and workers. */
  close(): void;
}

/** The failure (exit 3) of a data set none of whose files are there. */
export class AbsentDataset extends Failure {
  /** Creates it with a message that says what is expected, and where. */
  constructor(message: string) {
    super(3, message);
  }
}

/**
 * Random changes to training images. Each image changes in its own way, inside the step. With a
 * policy, crop, flip and policy are applied while the image is read.
 */
export interface Augmentation {
  /**
   * Pixels of zero padding on each side before a random crop to the image's own size. 0 crops
   * nothing.
   */
  readonly crop: number;
  /** Whether half of the images are mirrored. */
  readonly flip: boolean;
  /** Changes of the bytes, after crop and flip and before all others. Default: none. */
  readonly policy?: Policy;
  /**
   * The range of the factor of brightness alone, 1 ± this, 0 … 1. It applies before `jitter`.
   * Default: no change.
   */
  readonly brightness?: number;
  /**
   * The range of the factors of brightness, contrast and colour, each 1 ± this, 0 … 1. Default: no
   * change.
   */
  readonly jitter?: number;
  /** Side in pixels of a grey square, its centre anywhere in the image. Default: no square. */
  readonly cutout?: number;
  /** What is erased after normalisation. Default: nothing. */
  readonly erase?: RandomErasing;
}

/**
 * The changes of each picture that is read of an image: of the image, then of its further views.
 * `undefined` if none has a policy: then the image alone is read.
 */
export function picturesOf(
  { augmentation, views = {} }: Pick<Dataset<Mix | undefined, string>, "augmentation" | "views">,
): readonly Augmentation[] | undefined {
  const pictures = [augmentation, ...Object.values(views)];
  return pictures.some(({ policy }) => policy) ? pictures : undefined;
}

/** A batch of images that were mixed in pairs. */
export interface Mixed {
  /** The mixed images, [batch, height, width, channels]. */
  readonly image: Tensor;
  /** The position of each image's partner in the batch, int32 [batch]. */
  readonly partner: Tensor;
  /**
   * λ, a scalar: the share of the image in its mixture, and of its label in the loss. Its partner
   * has 1 − λ.
   */
  readonly share: Tensor;
}

/** A way to mix images: the `mix` of a data set. */
export interface Mix {
  /** E.g. `mixup`, `cutmix`. */
  readonly id: string;
  /** All options that change the result, for the declaration. */
  readonly options: { readonly [option: string]: Json };
  /**
   * Mixes a batch of images, [batch, height, width, channels], or one part of it: parts have other
   * random numbers. The same numbers mix other images in the same way.
   */
  readonly mix: (images: Tensor, random: Random) => Mixed;
}

/**
 * Mean and standard deviation per channel of pixels scaled to [0, 1]. An image becomes (pixel / 255
 * − mean) / std.
 */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Options of every data set. */
export interface DatasetOptions {
  /**
   * Number of training images to hold out, to choose the best epoch: equally many of each class, as
   * far as it has them. The run's own seed selects them. Default: 0.
   */
  readonly holdout?: number;
  /**
   * Number of training images to keep: equally many of each class, as far as it has them. This is
   * another data set with its own declaration. Default: all.
   */
  readonly take?: number;
}

/** The sizes of a data set's images. */
export interface DatasetSizes {
  /** Height, width and channels of every image. */
  readonly image: readonly [height: number, width: number, channels: number];
  /** The number of classes. */
  readonly classes: number;
  /** The number of training images, before the hold-out is split off. */
  readonly train: number;
}

/**
 * A data set as an experiment declares it: a value that has opened no file. `M` is its way to mix
 * images, `V` the names of its further views, `N` the networks that can learn its task. They let the
 * compiler check methods that need hard labels or a view, and students.
 */
export interface Dataset<
  M extends Mix | undefined = undefined,
  V extends string = never,
  N extends Net = Scorer,
> {
  /** The name of the function that made it, e.g. `cifar100`. */
  readonly id: string;
  /** All options that change the result, for the declaration. */
  readonly options: Json;
  /**
   * The options that say which files or images it has, without those that say what is done with
   * them. Default: all options.
   */
  readonly source?: Json;
  /** The goal of learning, with its scores. */
  readonly task: Task<N>;
  /** Number of training images held out. 0 if none. */
  readonly holdout: number;
  /** Number of training images to keep. `undefined` if all. */
  readonly take?: number;
  /** Random changes to training images. */
  readonly augmentation: Augmentation;
  /**
   * Number of times that an epoch shows a training image. With 3 it shows a third of all images,
   * each three times. Default: 1.
   */
  readonly repeats?: number;
  /** How to mix training images after augmentation and normalisation. `undefined` if not at all. */
  readonly mix?: M;
  /**
   * Further views of each training image, each with its own augmentation, mixed as the image is.
   * `undefined` if none.
   */
  readonly views?: { readonly [K in V]: Augmentation };
  /** Converts pixels to the network's input. */
  readonly normalisation: Normalisation;
  /**
   * The sizes that it has as its authors publish it, known without its files. A plan needs no more.
   * `undefined` if only the files tell.
   */
  readonly sizes?: DatasetSizes;
  /** How images of another size become the data set's own. `undefined` if all have it. */
  readonly resize?: string;
  /** Its id on the Hugging Face hub, for model cards. `undefined` if it is not there. */
  readonly hub?: string;
  /**
   * Finds and checks the files below `folder`. Downloads them if possible, with progress on `log`.
   * A `dry` run downloads and writes nothing. Rejects with a `Failure`: exit 3 (an `AbsentDataset` if
   * there is nothing), or exit 2 if `take` is more than there is.
   */
  open(folder: string, log?: (line: string) => void, dry?: boolean): Promise<OpenDataset>;
}

/** A data set with objects in its images, which detectors learn. */
export type DetectionDataset = Dataset<undefined, never, Detector>;
