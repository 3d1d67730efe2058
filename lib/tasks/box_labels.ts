import type { Draw } from "../values/draw.ts";
import type { Inputs } from "../values/input.ts";
import type { CocoInstances } from "./coco_evaluation.ts";
import type { LabelSource } from "./task.ts";

/**
 * The labels of a batch of images with objects. Boxes are x1, y1, x2, y2 in pixels of the images as
 * they are read.
 *
 * - `labelBoxes`: float32 [batch, most, 4], 0 where there is no object
 * - `labelClasses`: int32 [batch, most], 1 … classes − 1, 0 where there is no object
 * - `labelCount`: int32 [batch], the number of objects
 * - `labelSize`: float32 [batch, 2], height and width without the padding
 * - `labelPhoto`: float32 [batch, 2], height and width of the photo that the image was scaled from
 * - `labelImage`: int32 [batch], the image's id
 */
export type BoxLabel =
  | "labelBoxes"
  | "labelClasses"
  | "labelCount"
  | "labelSize"
  | "labelPhoto"
  | "labelImage";

/** A split with boxes. */
export interface BoxSource extends LabelSource {
  /** All images, categories and objects, in pixels of the photos: what an evaluation looks for. */
  readonly instances: CocoInstances;
  /** Reads the objects of these images to learn from, as the split reads the images themselves. */
  readBoxes(indices: Int32Array, draw?: Draw): Inputs<BoxLabel>;
}

/**
 * Reads the boxes of images of a split, or of the split that it is a part of. Throws an Error if
 * that has none.
 */
export function readBoxLabels(
  split: LabelSource & Partial<BoxSource>,
  indices: Int32Array,
  draw?: Draw,
): Inputs<BoxLabel> {
  if (split.partOf) {
    const { split: whole, indices: places } = split.partOf;
    return readBoxLabels(whole, indices.map((index) => places[index]), draw);
  }
  if (!split.readBoxes) throw new Error("the images of this split have no boxes");
  return split.readBoxes(indices, draw);
}

/** The instances of a split, or of the split that it is a part of. Throws an Error if that has none. */
export function instancesOf(split: LabelSource & Partial<BoxSource>): CocoInstances {
  if (split.partOf) return instancesOf(split.partOf.split);
  if (!split.instances) throw new Error("the images of this split have no boxes");
  return split.instances;
}

/** Objects in an image of noise: about as many as a photo of COCO has. */
const OBJECTS = 8;

/** Makes boxes of several sizes for so many images of noise without padding. */
export function noiseBoxes(
  images: number,
  [height, width]: readonly number[],
  classes: number,
): Inputs<BoxLabel> {
  const all = images * OBJECTS;
  const share = (i: number) => (i % OBJECTS + 1) / (2 * OBJECTS);
  const boxes = Array.from({ length: all }, (_, i) => {
    const [x, y] = [width * share(i), height * share(i + 3)];
    return [x, y, x + width * share(i + 1), y + height * share(i + 2)];
  });
  const sides = Float32Array.from({ length: 2 * images }, (_, i) => [height, width][i % 2]);
  return {
    labelBoxes: { shape: [images, OBJECTS, 4], data: Float32Array.from(boxes.flat()) },
    labelClasses: {
      shape: [images, OBJECTS],
      data: Int32Array.from({ length: all }, (_, i) => 1 + i % (classes - 1)),
    },
    labelCount: { shape: [images], data: new Int32Array(images).fill(OBJECTS) },
    labelSize: { shape: [images, 2], data: sides },
    labelPhoto: { shape: [images, 2], data: sides },
    labelImage: { shape: [images], data: Int32Array.from({ length: images }, (_, i) => i) },
  };
}
