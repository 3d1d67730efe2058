import type { Split } from "../../lib/data/dataset.ts";
import type { PaddedImages } from "../../lib/data/padded.ts";
import type { BoxSource } from "../../lib/tasks/box_labels.ts";
import type { CocoAnnotation } from "../../lib/tasks/coco_matching.ts";
import { type Draw, drawName } from "../../lib/values/draw.ts";
import { stream } from "../../lib/values/random.ts";
import type { CocoAnnotations } from "../files/coco_annotations.ts";
import type { Tree } from "../files/tree.ts";
import type { Decoders } from "./decoders.ts";
import { type FitRule, fitSize, type SideLimits } from "./fit_size.ts";
import { imageSplit } from "./image_split.ts";

/** How photos become images. */
export interface BoxOptions {
  /** Pixels of the shorter side, of which a training image draws one. An evaluation takes `limits`. */
  readonly shorter: readonly number[];
  /** The sides of an evaluation's images. */
  readonly limits: SideLimits;
  /** How sides are rounded and pixels scaled. */
  readonly rule: FitRule;
  /** Whether half of the training images are mirrored. */
  readonly mirror: boolean;
  /** Height and width of the canvases: of landscape photos and of portraits, or of all. */
  readonly canvases: readonly (readonly [height: number, width: number])[];
  /** The most objects of an image. */
  readonly most: number;
}

/** The photos of a split. */
export interface Photos {
  readonly tree: Tree;
  /** The name of each photo's folder in the tree. */
  readonly folder: string;
  readonly annotations: CocoAnnotations;
  /** The photos to take, by their places in the annotations. */
  readonly taken: readonly number[];
}

/** How a photo is shown. */
interface Shown {
  /** Height and width to which it is scaled. */
  readonly size: readonly [height: number, width: number];
  readonly isMirrored: boolean;
}

/** Corners in pixels, inside of the photo. */
export type Corners = readonly [left: number, top: number, right: number, bottom: number];

/**
 * Makes a split of photos with boxes. Each read decodes them again. The class of an image is that of
 * its largest object, or 0 if it has none. Of an image with more than `most` objects, the largest
 * ones are learned.
 */
export function boxSplit(
  { tree, folder, annotations: all, taken }: Photos,
  decoders: Decoders,
  options: BoxOptions,
): Split & BoxSource {
  const { canvases, most, limits } = options;
  const images = taken.map((place) => all.images[place]);
  const ranks = new Map(all.categories.map(({ id }, rank) => [id, rank + 1]));
  const objects = (index: number) =>
    objectsToLearn(all, taken[index]).map((one) => ({
      corners: cornersOf(one, all.images[taken[index]]),
      label: ranks.get(one.category_id)!,
    })).slice(0, most);
  const padded = padTo(images.map(({ height, width }) => [height, width]), options);
  const shown = (index: number, draw?: { seed: number; name: string }): Shown => {
    const { height, width } = images[index];
    if (!draw) return { size: fitSize([height, width], limits, options.rule), isMirrored: false };
    const random = stream(draw.seed, `shown/${draw.name}`);
    const shorter = options.shorter[random.below(options.shorter.length)];
    return {
      size: fitSize([height, width], { ...limits, shorter }, options.rule),
      isMirrored: options.mirror && random.uniform() < 0.5,
    };
  };
  const labels = images.map((_, index) => objects(index)[0]?.label ?? 0);
  const names = images.map(({ file_name }) => `${folder}/${file_name}`);
  const bytes = canvases[0][0] * canvases[0][1] * 3;
  return {
    ...imageSplit(tree, { names, labels }, decoders, bytes, (draw, index) => {
      const { size, isMirrored } = shown(index, draw);
      return {
        kind: "padded",
        from: [images[index].height, images[index].width],
        to: size,
        canvas: canvases[padded.shapeOf[index]],
        flip: isMirrored,
        isAntialiased: options.rule === "detectron2",
      };
    }),
    padded,
    instances: {
      images,
      categories: all.categories,
      annotations: {
        *[Symbol.iterator]() {
          for (const place of taken) {
            const [first, end] = all.objects[place];
            for (let i = first; i < end; i++) yield all.annotations.at(i);
          }
        },
      },
    },
    readBoxes(indices: Int32Array, draw?: Draw) {
      const n = indices.length;
      const boxes = new Float32Array(n * most * 4);
      const classes = new Int32Array(n * most);
      const counts = new Int32Array(n);
      const sizes = new Float32Array(n * 2);
      indices.forEach((index, i) => {
        const own = draw && { seed: draw.seed, name: drawName(draw, index, i) };
        const { size, isMirrored } = shown(index, own);
        const found = objects(index);
        found.forEach(({ corners, label }, k) => {
          boxes.set(project(corners, images[index], size, isMirrored), (i * most + k) * 4);
          classes[i * most + k] = label;
        });
        counts[i] = found.length;
        sizes.set(size, 2 * i);
      });
      const photos = Array.from(indices, (index) => images[index]);
      return {
        labelBoxes: { shape: [n, most, 4], data: boxes },
        labelClasses: { shape: [n, most], data: classes },
        labelCount: { shape: [n], data: counts },
        labelSize: { shape: [n, 2], data: sizes },
        labelPhoto: {
          shape: [n, 2],
          data: Float32Array.from(photos.flatMap(({ height, width }) => [height, width])),
        },
        labelImage: { shape: [n], data: Int32Array.from(photos, ({ id }) => id) },
      };
    },
  };
}

/** The canvas of each image: the second one if there are two and the image is a portrait. */
function padTo(
  sides: readonly (readonly [height: number, width: number])[],
  { canvases, limits, rule }: BoxOptions,
): PaddedImages {
  return {
    shapes: canvases.map(([height, width]) => [height, width, 3]),
    shapeOf: Uint8Array.from(
      sides,
      ([height, width]) => canvases.length > 1 && height > width ? 1 : 0,
    ),
    sizes: Int32Array.from(sides.flatMap((side) => fitSize(side, limits, rule))),
  };
}

/** The objects of a photo that are no crowd and have a box inside of it, the largest box first. */
export function objectsToLearn(
  { annotations, objects, images }: CocoAnnotations,
  place: number,
): CocoAnnotation[] {
  const [first, end] = objects[place];
  const area = (one: CocoAnnotation) => {
    const [left, top, right, bottom] = cornersOf(one, images[place]);
    return right > left && bottom > top ? (right - left) * (bottom - top) : 0;
  };
  return Array.from({ length: end - first }, (_, i) => annotations.at(first + i))
    .filter((one) => one.iscrowd === 0 && area(one) > 0)
    .sort((a, b) => area(b) - area(a));
}

/** The corners of a box, clipped to the photo. */
function cornersOf(
  { bbox: [x, y, w, h] }: CocoAnnotation,
  { width, height }: { readonly width: number; readonly height: number },
): Corners {
  const clip = (value: number, most: number) => Math.min(Math.max(value, 0), most);
  return [clip(x, width), clip(y, height), clip(x + w, width), clip(y + h, height)];
}

/** The corners in a photo that is scaled to `size`, and mirrored or not. */
export function project(
  [left, top, right, bottom]: Corners,
  { height, width }: { readonly height: number; readonly width: number },
  size: readonly [height: number, width: number],
  isMirrored: boolean,
): Corners {
  const down = size[0] / height;
  const across = size[1] / width;
  const [from, to] = [left * across, right * across];
  return isMirrored
    ? [size[1] - to, top * down, size[1] - from, bottom * down]
    : [from, top * down, to, bottom * down];
}
