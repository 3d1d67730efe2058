import type { DatasetOptions, DetectionDataset } from "../lib/data/dataset.ts";
import { detection } from "../lib/tasks/detection.ts";
import { Failure } from "../lib/values/failure.ts";
import { checkRange, whole } from "../lib/values/range.ts";
import { checkInside, declare, imagenetNormalisation, type Rgb } from "./declare.ts";
import { type CocoAnnotations, readCocoAnnotations } from "./files/coco_annotations.ts";
import type { Tree } from "./files/tree.ts";
import { type BoxOptions, boxSplit, objectsToLearn } from "./images/box_split.ts";
import type { FitRule } from "./images/fit_size.ts";
import { openImages } from "./images/open_images.ts";

/** Options of `coco`. */
export interface CocoOptions extends DatasetOptions {
  /** The directory in the data folder, or its `.zip`. Default: `coco`. */
  readonly folder?: string;
  /** Pixels to which a photo's shorter side is scaled. Default: 800. */
  readonly shorter?: number;
  /** The most pixels of a photo's longer side, which scales it down further. Default: 1333. */
  readonly longer?: number;
  /**
   * Pixels of the shorter side, of which each training image draws one, none above `shorter`.
   * detectron2 has 640, 672 … 800. Default: `shorter`.
   */
  readonly shorterInTraining?: readonly number[];
  /**
   * Whose arithmetic scales photos. torchvision rounds sides down and takes the four nearest pixels;
   * detectron2 rounds half up and averages all pixels below. Default: `torchvision`.
   */
  readonly scaling?: FitRule;
  /** Whether half of the training images are mirrored, with their boxes, when read. Default: true. */
  readonly mirror?: boolean;
  /**
   * Whether all images are on one square canvas. Otherwise landscapes and portraits have their own,
   * each batch is of one of the two, and a step is compiled for each. Default: false.
   */
  readonly square?: boolean;
  /** The most objects of an image that are learned: of more, the largest ones. Default: 100. */
  readonly objects?: number;
  /** The mean of each channel, of pixels scaled to [0, 1]. Default: ImageNet's. */
  readonly mean?: Rgb;
  /** The standard deviation of each channel, of pixels scaled to [0, 1]. Default: ImageNet's. */
  readonly std?: Rgb;
}

const EXPECTED =
  "expected: COCO 2017's files, annotations/instances_train2017.json and instances_val2017.json, " +
  "and the photos in train2017/ and val2017/, each a folder or a zip";

/** The parts of the data set, as COCO names them. */
const PARTS = ["train2017", "val2017"] as const;

/** Sides of a canvas are multiples of this many pixels: the coarsest map of a pyramid. */
const MULTIPLE = 32;

/**
 * COCO 2017 with boxes: 118,287 photos with 80 kinds of objects, and the 5,000 of the validation part
 * as the test images. The classes are `background` and the kinds in the order of their ids. Training
 * leaves out crowds, boxes without an area inside of their photo, and photos without an object of
 * more than a pixel; an evaluation takes all photos. Photos are scaled and mirrored when they are
 * read, and stand in the upper left of a canvas that is 0 elsewhere. For `take` and `holdout`, an
 * image has the class of its largest object. A subset in the same layout works as well.
 */
export function coco(options: CocoOptions = {}): DetectionDataset {
  const {
    folder = "coco",
    shorter = 800,
    longer = 1333,
    shorterInTraining = [shorter],
    scaling = "torchvision",
    mirror = true,
    square = false,
    objects = 100,
    ...others
  } = options;
  checkInside("coco", "folder", folder);
  checkRange("coco", "shorter", shorter, whole());
  checkRange("coco", "longer", longer, whole(shorter));
  checkRange("coco", "objects", objects, whole());
  for (const one of shorterInTraining) checkRange("coco", "shorterInTraining", one, whole());
  if (shorterInTraining.length === 0 || Math.max(...shorterInTraining) > shorter) {
    throw new Failure(
      2,
      `coco: \`shorterInTraining\` is [${shorterInTraining}]; it has to have sides up to ${shorter}, which is \`shorter\``,
    );
  }
  const canvases = canvasesOf(shorter, longer, square);
  const box: BoxOptions = {
    shorter: shorterInTraining,
    limits: { shorter, longer },
    rule: scaling,
    mirror,
    canvases,
    most: objects,
  };
  const own = { folder, shorter, longer, shorterInTraining, scaling, mirror, square, objects };
  const image = [...canvases[0], 3] as const;
  const dataset = declare<undefined, never>(
    "coco",
    own,
    { crop: 0, flip: false, ...imagenetNormalisation },
    others,
    (data, log) =>
      openImages(
        { path: `${data}/${folder}`, top: "annotations", zips: PARTS, expected: EXPECTED },
        log,
        async (tree, decoders) => {
          const train = await readPart(tree, PARTS[0]);
          const test = await readPart(tree, PARTS[1]);
          checkCategories(tree, train, test);
          checkObjects(tree, test);
          const taken = photosToLearn(train, objects, (line) => log?.(`${tree.path}: ${line}`));
          const photos = { tree, folder: PARTS[0], annotations: train, taken };
          return {
            classes: ["background", ...train.categories.map(({ name }) => name)],
            image,
            train: boxSplit(photos, decoders, box),
            test: boxSplit(
              { tree, folder: PARTS[1], annotations: test, taken: [...test.images.keys()] },
              decoders,
              box,
            ),
          };
        },
      ),
    folder === "coco" ? { image, classes: 81, train: 117_266 } : undefined,
  );
  return {
    ...dataset,
    task: detection,
    resize:
      `scaled to ${shorter} pixels on the shorter side, at most ${longer} on the longer one, as by ` +
      `${scaling}, into the upper left of ${
        canvases[0].join(" × ")
      } pixels, which are 0 elsewhere` +
      (canvases.length > 1 ? "; an exported network takes landscapes, `square` both" : ""),
  };
}

/** Height and width of the canvases: of landscapes and of portraits, or of both if they are equal. */
function canvasesOf(shorter: number, longer: number, square: boolean) {
  const round = (side: number) => Math.ceil(side / MULTIPLE) * MULTIPLE;
  const [low, wide] = [round(square ? longer : shorter), round(longer)];
  const landscape = [low, wide] as const;
  return low === wide ? [landscape] : [landscape, [wide, low] as const];
}

/** Reads the annotations of a part. Rejects with a `Failure` (exit 3) if a photo is missing. */
async function readPart(tree: Tree, part: string): Promise<CocoAnnotations> {
  const name = `annotations/instances_${part}.json`;
  const annotations = await readCocoAnnotations(tree.parts(name), `${tree.path}/${name}`);
  const names = new Set(tree.names(part));
  const missing = annotations.images.filter(({ file_name }) => !names.has(`${part}/${file_name}`));
  if (missing.length > 0) {
    const photos = missing.length === 1 ? "a photo" : `${missing.length} photos`;
    throw new Failure(
      3,
      `${tree.path}: ${part} lacks ${photos} of ${annotations.images.length} that ${name} lists, ` +
        `such as ${missing[0].file_name}: unpack ${part}.zip again`,
    );
  }
  return annotations;
}

function checkCategories(tree: Tree, train: CocoAnnotations, test: CocoAnnotations): void {
  const texts = [train, test].map(({ categories }) =>
    categories.map(({ id, name }) => `${id} ${name}`)
  );
  const differs = texts[0].find((text, i) => text !== texts[1][i]) ??
    texts[1].find((text, i) => text !== texts[0][i]);
  if (differs === undefined) return;
  throw new Failure(
    3,
    `${tree.path}: category ${differs} is not the same in training and validation: both files have to list the same categories`,
  );
}

/** Throws a `Failure` (exit 3) if validation has no object to find: it could not be scored. */
function checkObjects(tree: Tree, { annotations }: CocoAnnotations): void {
  if (annotations.length > annotations.countCrowds()) return;
  throw new Failure(
    3,
    `${tree.path}: annotations/instances_${PARTS[1]}.json has no object to find: ` +
      "label the photos, or move some of training's there",
  );
}

/**
 * The places of the photos that have an object to learn of more than one pixel in both directions.
 * Says on `log` what is left out.
 */
function photosToLearn(
  annotations: CocoAnnotations,
  most: number,
  log: (line: string) => void,
): number[] {
  const taken: number[] = [];
  let learned = 0;
  let crowded = 0;
  for (const place of annotations.images.keys()) {
    const found = objectsToLearn(annotations, place);
    learned += found.length;
    if (found.length > most) crowded++;
    if (found.some(({ bbox: [, , width, height] }) => width > 1 && height > 1)) taken.push(place);
  }
  const lost = annotations.annotations.length - annotations.annotations.countCrowds() - learned;
  const empty = annotations.images.length - taken.length;
  if (lost > 0) log(`${lost} training boxes have no area inside of their photo: left out`);
  if (crowded > 0) {
    log(`${crowded} training photos have over ${most} objects: the largest are learned`);
  }
  if (empty > 0) log(`${empty} training photos have nothing to learn: left out`);
  return taken;
}
