import {
  type CocoAnnotation,
  type CocoDetection,
  matchScenes,
  measureScene,
  type Scene,
} from "./coco_matching.ts";
import { CocoResults } from "./coco_results.ts";
import { detectionPicture, jpegOf, type Mark, type Photo } from "./detection_picture.ts";
import type { LabelName, LabelSource, Tally } from "./task.ts";

/** The least score of a detection in a picture. */
const LEAST = 0.3;

/**
 * Starts a tally of detections that makes `results.json`, all of them in COCO's format, and
 * `<image id>.svg` of so many images, evenly spread over the split: the photo with the objects to
 * find, and beside it with the detections of a score of 0.3 or more, which are dashed if they hit no
 * object of their class with an IoU of 0.5.
 */
export function detectionFiles(
  classes: readonly string[],
  split: LabelSource,
  pictures: number,
): Tally<ReadonlyMap<string, string>, "image" | LabelName> {
  const results = new CocoResults(split);
  const photos = new Map<number, Photo>();
  let images = 0;
  return {
    add(values, { image, ...labels }) {
      results.add(values, labels);
      const { labelImage: { data: ids }, labelSize, labelPhoto } = labels;
      const [, rows, stride] = image.shape;
      ids.forEach((id, i) => {
        if (!isDrawn(images++, split.labels.length, pictures)) return;
        const [height, width] = labelPhoto.data.subarray(2 * i);
        const [down, across] = labelSize.data.subarray(2 * i);
        const pixels = image.data.subarray(3 * i * rows * stride);
        const jpeg = jpegOf(pixels, stride, [down, across]);
        photos.set(id, { name: `image ${id}`, width, height, jpeg });
      });
    },
    result() {
      const objects = Map.groupBy(results.objects(), ({ image_id }) => image_id);
      const found = Map.groupBy(results.detections, ({ image_id }) => image_id);
      const drawn = Array.from(photos, ([id, photo]): [string, string] => {
        const scene = { truths: objects.get(id) ?? [], detections: found.get(id) ?? [] };
        return [`${id}.svg`, draw(photo, scene, results.categories, classes)];
      });
      return new Map([["results.json", jsonOf(results.detections)], ...drawn]);
    },
  };
}

/** Whether image `n` of so many is one of those that are drawn, at even distances. */
function isDrawn(n: number, images: number, pictures: number): boolean {
  return Math.floor((n + 1) * pictures / images) > Math.floor(n * pictures / images);
}

/** A list with a line for each detection. */
function jsonOf(detections: readonly CocoDetection[]): string {
  return `[\n${detections.map((one) => JSON.stringify(one)).join(",\n")}\n]\n`;
}

/** Draws the objects of an image, and beside them the best detections. */
function draw(
  photo: Photo,
  { truths, detections }: Scene,
  categories: readonly number[],
  classes: readonly string[],
): string {
  const best = detections.filter(({ score }) => score >= LEAST).sort((a, b) => b.score - a.score);
  const misses = missesOf({ truths, detections: best }, categories);
  const mark = (one: CocoAnnotation | CocoDetection, suffix: string, isDashed: boolean): Mark => {
    const number = categories.indexOf(one.category_id) + 1;
    return { bbox: one.bbox, class: number, text: `${classes[number]}${suffix}`, isDashed };
  };
  const area = ({ bbox: [, , width, height] }: CocoAnnotation) => width * height;
  return detectionPicture(photo, [{
    title: "Truth",
    note: `${truths.length} ${truths.length === 1 ? "object" : "objects"}`,
    marks: truths.toSorted((a, b) => area(b) - area(a)).map((one) =>
      mark(one, one.iscrowd ? " (crowd)" : "", false)
    ),
  }, {
    title: "Detections",
    note: `${best.length} of ${detections.length} score ${LEAST} or more${
      misses.size > 0 ? "; dashed: no such object there" : ""
    }`,
    marks: best.toReversed().map((one) => mark(one, ` ${one.score.toFixed(2)}`, misses.has(one))),
  }]);
}

/** The detections that hit no object of their class, by COCO's rules with an IoU of 0.5. */
function missesOf(
  { truths, detections }: Scene,
  categories: readonly number[],
): Set<CocoDetection> {
  return new Set(categories.flatMap((category) => {
    const own = {
      truths: truths.filter(({ category_id }) => category_id === category),
      detections: detections.filter(({ category_id }) => category_id === category),
    };
    const { hit, ignored } = matchScenes([measureScene(own)], [0, Infinity]);
    return own.detections.filter((_, d) => !hit[d] && !ignored[d]);
  }));
}
