import type { Dataset, Mix } from "../lib/data/dataset.ts";
import { Failure } from "../lib/values/failure.ts";
import { checkRange, whole } from "../lib/values/range.ts";
import { imagesByClass, sayLeftOut } from "./images/class_folders.ts";
import { describeSquare } from "./images/cut.ts";
import { checkInside, declare, type ImageOptions } from "./declare.ts";
import { type ImageFiles, squareSplit } from "./images/image_split.ts";
import { openImages } from "./images/open_images.ts";
import type { Interpolation } from "./images/resample.ts";
import type { Tree } from "./files/tree.ts";

/** Options of `tinyImagenet`. */
export interface TinyImagenetOptions<
  M extends Mix | undefined = undefined,
  V extends string = never,
> extends ImageOptions<M, V> {
  /**
   * Height and width of the images in pixels. Other sizes than their own 64 are scaled. Default:
   * 64.
   */
  readonly size?: number;
  /**
   * How values between pixels are found when an image is scaled: as Pillow's `BILINEAR` or
   * `BICUBIC`, antialiased. DeiT's is `bicubic`. Default: `bilinear`.
   */
  readonly interpolation?: Interpolation;
  /** The directory in the data folder, or the `.zip` of it. Default: `tiny-imagenet-200`. */
  readonly folder?: string;
}

/** The expected files, for messages. */
const EXPECTED =
  "expected: the original tiny-imagenet-200.zip, packed or unpacked (wnids.txt, words.txt, " +
  "train/<wnid>/images/*.JPEG, val/images/*.JPEG, val/val_annotations.txt), which Stanford's course CS231n publishes";

/**
 * Tiny-ImageNet in its authors' files: 200 classes with 500 training images each, and the 10,000
 * validation images as the test images, since the test part has no labels. The name of a class is
 * the first of its words. The order is that of the sorted WordNet ids. Defaults: 64 × 64 pixels,
 * flips, no crops, and CIFAR-10's means with the standard deviations .2023, .1994, .2010, as in
 * SAKD's code. DOT's code has the means .4802, .4481, .3975 and the deviations .2302, .2265, .2262,
 * and also rotates.
 */
export function tinyImagenet<M extends Mix | undefined = undefined, V extends string = never>(
  { folder = "tiny-imagenet-200", size = 64, interpolation, ...options }: TinyImagenetOptions<
    M,
    V
  > = {},
): Dataset<M, V> {
  checkRange("tinyImagenet", "size", size, whole());
  checkInside("tinyImagenet", "folder", folder);
  const defaults = {
    crop: 0,
    flip: true,
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.2023, 0.1994, 0.201],
  } as const;
  const dataset = declare(
    "tinyImagenet",
    { folder, size, interpolation },
    defaults,
    options,
    (data, log) =>
      openImages(
        { path: `${data}/${folder}`, top: "wnids.txt", expected: EXPECTED },
        log,
        async (tree, decoders) => {
          const wnids = (await lines(tree, "wnids.txt")).sort();
          return {
            classes: await names(tree, wnids),
            image: [size, size, 3],
            train: squareSplit(
              tree,
              trainingFiles(tree, wnids, log),
              decoders,
              size,
              interpolation,
            ),
            test: squareSplit(
              tree,
              await validationFiles(tree, wnids),
              decoders,
              size,
              interpolation,
            ),
          };
        },
      ),
    folder === "tiny-imagenet-200"
      ? { image: [size, size, 3], classes: 200, train: 100_000 }
      : undefined,
  );
  return { ...dataset, resize: describeSquare(interpolation), hub: "zh-plus/tiny-imagenet" };
}

/** Reads the lines of a file that are not empty. Rejects with a `Failure` (exit 3) if none are. */
async function lines(tree: Tree, name: string): Promise<string[]> {
  const found = new TextDecoder().decode(await tree.read(name)).split(/\r?\n/).filter(Boolean);
  if (found.length === 0) throw new Failure(3, `${tree.path}: ${name} is empty`);
  return found;
}

/**
 * The first word of each class. The lines of `words.txt` have a class and its words, also for
 * classes other than these.
 */
async function names(tree: Tree, wnids: readonly string[]): Promise<string[]> {
  const words = new Map((await lines(tree, "words.txt")).map((line) => {
    const [wnid, first] = line.split(/[\t,]/);
    return [wnid, first];
  }));
  return wnids.map((wnid) => {
    const word = words.get(wnid);
    if (!word) throw new Failure(3, `${tree.path}: words.txt has no line for ${wnid} of wnids.txt`);
    return word;
  });
}

function trainingFiles(
  tree: Tree,
  wnids: readonly string[],
  log?: (line: string) => void,
): ImageFiles {
  const { images, others } = imagesByClass(tree, "train");
  sayLeftOut(tree, others.filter((name) => !name.endsWith("_boxes.txt")), log);
  const missing = wnids.find((wnid) => !images.has(wnid));
  const known = new Set(wnids);
  if (missing) {
    throw new Failure(3, `${tree.path}: there is no train/${missing}, a class of wnids.txt`);
  }
  const unknown = [...images.keys()].find((wnid) => !known.has(wnid));
  if (unknown) throw new Failure(3, `${tree.path}: train/${unknown} is not a class of wnids.txt`);
  return {
    names: wnids.flatMap((wnid) => images.get(wnid)!),
    labels: wnids.flatMap((wnid, i) => images.get(wnid)!.map(() => i)),
  };
}

/** The images in the order of their annotations: lines with a file name, a class and a box. */
async function validationFiles(tree: Tree, wnids: readonly string[]): Promise<ImageFiles> {
  const annotations = "val/val_annotations.txt";
  const broken = (why: string) => new Failure(3, `${tree.path}: ${why}`);
  const images = new Set(tree.names("val/images").filter((name) => /\.jpe?g$/i.test(name)));
  const numbers = new Map(wnids.map((wnid, i) => [wnid, i]));
  const names: string[] = [];
  const labels: number[] = [];
  for (const line of await lines(tree, annotations)) {
    const [file, wnid] = line.split("\t");
    const name = `val/images/${file}`;
    const label = numbers.get(wnid);
    if (label === undefined) {
      throw broken(`${annotations} gives ${file} the class ${wnid}, which wnids.txt lacks`);
    }
    if (!images.delete(name)) throw broken(`there is no ${name}, or it is twice in ${annotations}`);
    names.push(name);
    labels.push(label);
  }
  for (const name of images) throw broken(`${annotations} has no line for ${name}`);
  return { names, labels };
}
