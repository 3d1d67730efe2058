/** Images with boxes, and what a detector might say about them. */
import type { BoxSource } from "../../lib/tasks/box_labels.ts";
import type { CocoAnnotation, CocoDetection } from "../../lib/tasks/coco_matching.ts";
import type { Split } from "../../lib/data/dataset.ts";

type Sides = readonly [height: number, width: number];

/** An image: its id, the sides of the photo, and those to which it is scaled. */
export interface BoxImage {
  readonly id: number;
  readonly photo: Sides;
  readonly size: Sides;
}

/** Height and width of the canvas of each image. */
export const CANVAS = 128;

/** A split of these images, whose pixels are all `shade`. */
export function boxImages(
  images: readonly BoxImage[],
  categories: readonly number[],
  annotations: readonly CocoAnnotation[],
  shade = 90,
): Split & BoxSource {
  const sides = (one: "photo" | "size", indices: Int32Array) => ({
    shape: [indices.length, 2],
    data: Float32Array.from([...indices].flatMap((index) => [...images[index][one]])),
  });
  const whole = (data: Int32Array, ...shape: number[]) => ({ shape, data });
  return {
    size: images.length,
    labels: new Int32Array(images.length),
    instances: { images, categories: categories.map((id) => ({ id })), annotations },
    read: (indices) =>
      Promise.resolve(new Uint8Array(indices.length * CANVAS * CANVAS * 3).fill(shade)),
    readBoxes: (indices) => ({
      labelBoxes: { shape: [indices.length, 0, 4], data: new Float32Array() },
      labelClasses: whole(new Int32Array(), indices.length, 0),
      labelCount: whole(new Int32Array(indices.length), indices.length),
      labelSize: sides("size", indices),
      labelPhoto: sides("photo", indices),
      labelImage: whole(indices.map((index) => images[index].id), indices.length),
    }),
  };
}

/** An object of category `category_id`, as large as its box. */
export function object(
  id: number,
  image_id: number,
  category_id: number,
  bbox: CocoDetection["bbox"],
  iscrowd = 0,
): CocoAnnotation {
  return { id, image_id, category_id, bbox, area: bbox[2] * bbox[3], iscrowd };
}

/** A detection: its score, its class and the corners of its box in the image as read. */
export type Found = readonly [
  score: number,
  label: number,
  box: readonly [left: number, top: number, right: number, bottom: number],
];

/** The values of a batch with these detections of each image. Slots that are left have a score of 0, and some
 * box and class. */
export function valuesOf(
  found: readonly (readonly Found[])[],
  slots = 4,
): { readonly [name in "boxes" | "scores" | "classes"]: Float32Array } {
  const scores = new Float32Array(found.length * slots);
  const classes = scores.slice().fill(1);
  const boxes = new Float32Array(4 * scores.length).fill(7);
  found.forEach((own, i) =>
    own.forEach(([score, label, box], slot) => {
      scores[i * slots + slot] = score;
      classes[i * slots + slot] = label;
      boxes.set(box, 4 * (i * slots + slot));
    })
  );
  return { boxes, scores, classes };
}
