import type { Inputs } from "../values/input.ts";
import { type BoxSource, instancesOf } from "./box_labels.ts";
import { type CocoEvaluation, type CocoInstances, evaluateBoxes } from "./coco_evaluation.ts";
import type { CocoAnnotation, CocoDetection } from "./coco_matching.ts";
import type { LabelName, LabelSource } from "./task.ts";

/**
 * The detections of batches of a split, in pixels of the photos and with the split's own ids of
 * categories.
 */
export class CocoResults {
  /** All detections, image after image. */
  readonly detections: CocoDetection[] = [];
  /** The categories of the classes from 1, by their ids. */
  readonly categories: readonly number[];
  readonly #all: CocoInstances;
  readonly #seen = new Set<number>();

  /** Throws an Error if the images of the split have no boxes. */
  constructor(split: LabelSource & Partial<BoxSource>) {
    this.#all = instancesOf(split);
    this.categories = Array.from(this.#all.categories, ({ id }) => id).sort((a, b) => a - b);
  }

  /**
   * Adds a batch. Its values are `boxes`, x1, y1, x2, y2 in pixels of the images as read, [batch,
   * slots, 4]; `scores`, 0 in an empty slot, and `classes` from 1, [batch, slots].
   */
  add(
    { boxes, scores, classes }: { readonly [name: string]: Float32Array },
    { labelSize, labelPhoto, labelImage }: Inputs<LabelName>,
  ): void {
    const images = labelImage.data;
    const slots = scores.length / images.length;
    images.forEach((image_id, i) => {
      this.#seen.add(image_id);
      const down = labelPhoto.data[2 * i] / labelSize.data[2 * i];
      const across = labelPhoto.data[2 * i + 1] / labelSize.data[2 * i + 1];
      for (let slot = i * slots; slot < (i + 1) * slots; slot++) {
        if (scores[slot] === 0) continue;
        const [left, top, right, bottom] = boxes.subarray(4 * slot);
        this.detections.push({
          image_id,
          category_id: this.categories[classes[slot] - 1],
          bbox: [left * across, top * down, (right - left) * across, (bottom - top) * down],
          score: scores[slot],
        });
      }
    });
  }

  /** The objects in the images that were added, crowds too. */
  objects(): CocoAnnotation[] {
    return Array.from(this.#all.annotations).filter(({ image_id }) => this.#seen.has(image_id));
  }

  /**
   * Evaluates what was found in the images that were added. Throws a `Failure` (exit 4) if a
   * detection has a number that is not finite.
   */
  evaluate(): CocoEvaluation {
    const images = Array.from(this.#seen, (id) => ({ id }));
    const { categories } = this.#all;
    return evaluateBoxes({ images, categories, annotations: this.objects() }, this.detections);
  }
}
