/**
 * COCO's evaluation of detected boxes: the numbers that pycocotools' `COCOeval` with `bbox` gives.
 *
 * @module
 */
import {
  type AreaRange,
  type CocoAnnotation,
  type CocoDetection,
  type Matched,
  matchScenes,
  type MeasuredScene,
  measureScene,
  overlaps,
} from "./coco_matching.ts";
import { Failure } from "../values/failure.ts";

/** The images, categories and objects to find. */
export interface CocoInstances {
  readonly images: Iterable<{ readonly id: number }>;
  readonly categories: Iterable<{ readonly id: number }>;
  readonly annotations: Iterable<CocoAnnotation>;
}

/** The name of a number that COCO reports: average precision or recall, of overlaps, areas, limits. */
export type CocoStat =
  | `AP${"" | "50" | "75" | "s" | "m" | "l"}`
  | `AR${"1" | "10" | "100" | "s" | "m" | "l"}`;

/** The numbers that COCO reports, 0 … 1, or −1 where there is nothing to find. */
export type CocoStats = { readonly [K in CocoStat]: number };

/** The findings of an evaluation. All arrays have −1 where a category has nothing to find. */
export interface CocoEvaluation {
  readonly stats: CocoStats;
  /** The ids of the categories, ascending, as in the arrays. */
  readonly categories: readonly number[];
  /** AP and AP50 of each category. */
  readonly perCategory: readonly Pick<CocoStats, "AP" | "AP50">[];
  /** The best precision from each recall on: [10 overlaps, 101 recalls, categories, 4, 3]. */
  readonly precision: Float64Array;
  /** The score of the detection at which each recall is reached, in the shape of `precision`. */
  readonly scores: Float64Array;
  /** The largest recall: [10 overlaps, categories, 4 ranges of areas, 3 limits]. */
  readonly recall: Float64Array;
}

/** The recalls at which precision is read: 0, 0.01 … 1, as numpy spaces them. */
const recalls = Float64Array.from({ length: 101 }, (_, i) => i === 100 ? 1 : i * 0.01);

/** All, small, medium and large objects. */
const areas: readonly AreaRange[] = [
  [0, 1e10],
  [0, 32 ** 2],
  [32 ** 2, 96 ** 2],
  [96 ** 2, 1e10],
];

/** The numbers of detections that count, of each image and category. */
const limits = [1, 10, 100];
const MOST = 100;

/** What a number summarises: all overlaps or one, a range of areas and a limit, by their indices. */
interface Summary {
  readonly of: "precision" | "recall";
  readonly overlap?: number;
  readonly area?: number;
  readonly limit?: number;
}

const summaries: { readonly [K in CocoStat]: Summary } = {
  AP: { of: "precision" },
  AP50: { of: "precision", overlap: 0 },
  AP75: { of: "precision", overlap: 5 },
  APs: { of: "precision", area: 1 },
  APm: { of: "precision", area: 2 },
  APl: { of: "precision", area: 3 },
  AR1: { of: "recall", limit: 0 },
  AR10: { of: "recall", limit: 1 },
  AR100: { of: "recall" },
  ARs: { of: "recall", area: 1 },
  ARm: { of: "recall", area: 2 },
  ARl: { of: "recall", area: 3 },
};

/**
 * Evaluates detections. Those of categories that the instances do not have count for nothing. Throws
 * a `Failure`: exit 3 if a detection is in an image that the instances do not have, exit 4 if one
 * has a number that is not finite.
 */
export function evaluateBoxes(
  instances: CocoInstances,
  detections: Iterable<CocoDetection>,
): CocoEvaluation {
  const images = sortedIds(instances.images);
  const categories = sortedIds(instances.categories);
  const known = new Set(images);
  const truths = groupRows(instances.annotations);
  const found = groupRows(checkDetections(detections, known));
  const cells = categories.length * areas.length * limits.length;
  const precision = new Float64Array(overlaps.length * recalls.length * cells).fill(-1);
  const scores = precision.slice();
  const recall = new Float64Array(overlaps.length * cells).fill(-1);
  categories.forEach((category, k) => {
    const scenes = scenesOf(images, truths.get(category), found.get(category));
    const { order, ranks, score } = rankAll(scenes);
    areas.forEach((range, a) => {
      const matched = matchScenes(scenes, range);
      if (matched.wanted === 0) return;
      limits.forEach((limit, m) => {
        const cell = (k * areas.length + a) * limits.length + m;
        const counted = order.filter((d) => ranks[d] < limit);
        for (let t = 0; t < overlaps.length; t++) {
          const curve = curveOf(counted, matched, t);
          recall[t * cells + cell] = curve.recall.at(-1) ?? 0;
          let at = 0;
          recalls.forEach((least, r) => {
            while (at < counted.length && curve.recall[at] < least) at++;
            const to = (t * recalls.length + r) * cells + cell;
            precision[to] = curve.precision[at] ?? 0;
            scores[to] = at < counted.length ? score[counted[at]] : 0;
          });
        }
      });
    });
  });
  const arrays = { precision, recall };
  const summarise = (summary: Summary, category?: number) =>
    meanOf(arrays[summary.of], categories.length, summary, category);
  return {
    stats: Object.fromEntries(
      Object.entries(summaries).map(([name, summary]) => [name, summarise(summary)]),
    ) as CocoStats,
    categories,
    perCategory: categories.map((_, k) => ({
      AP: summarise(summaries.AP, k),
      AP50: summarise(summaries.AP50, k),
    })),
    precision,
    scores,
    recall,
  };
}

function sortedIds(rows: Iterable<{ readonly id: number }>): number[] {
  return [...new Set(Array.from(rows, ({ id }) => id))].sort((a, b) => a - b);
}

/** Gives the detections. Throws as `evaluateBoxes` does. */
function* checkDetections(
  detections: Iterable<CocoDetection>,
  images: ReadonlySet<number>,
): Generator<CocoDetection> {
  for (const detection of detections) {
    const { image_id, bbox, score } = detection;
    if (!images.has(image_id)) {
      throw new Failure(
        3,
        `a detection is in image ${image_id}, which is none of the ${images.size} annotated ones: evaluate it with the annotations of its own images`,
      );
    }
    if (!Number.isFinite(score) || !bbox.every(Number.isFinite)) {
      throw new Failure(
        4,
        `a detection in image ${image_id} has the box [${bbox}] and the score ${score}: the network that made it diverged`,
      );
    }
    yield detection;
  }
}

/** The rows of each category and image, in order. */
function groupRows<R extends { readonly image_id: number; readonly category_id: number }>(
  rows: Iterable<R>,
): ReadonlyMap<number, ReadonlyMap<number, readonly R[]>> {
  const groups = new Map<number, Map<number, R[]>>();
  for (const row of rows) {
    const ofCategory = groups.get(row.category_id);
    const ofImage = ofCategory?.get(row.image_id);
    if (ofImage) ofImage.push(row);
    else if (ofCategory) ofCategory.set(row.image_id, [row]);
    else groups.set(row.category_id, new Map([[row.image_id, [row]]]));
  }
  return groups;
}

/** The images in which a category is or was found, each with its best detections. */
function scenesOf(
  images: readonly number[],
  truths: ReadonlyMap<number, readonly CocoAnnotation[]> = new Map(),
  found: ReadonlyMap<number, readonly CocoDetection[]> = new Map(),
): MeasuredScene[] {
  return images.filter((image) => truths.has(image) || found.has(image)).map((image) =>
    measureScene({
      truths: truths.get(image) ?? [],
      detections: (found.get(image) ?? []).toSorted((a, b) => b.score - a.score).slice(0, MOST),
    })
  );
}

/** The detections of all scenes in one line: by score, and the rank of each in its image. */
function rankAll(scenes: readonly MeasuredScene[]) {
  const ranks = scenes.flatMap(({ detections }) => [...detections.keys()]);
  const score = scenes.flatMap(({ detections }) => detections.map(({ score }) => score));
  // Detections of equal score stay in the order of the images: `sort` is stable.
  const order = [...score.keys()].sort((a, b) => score[b] - score[a]);
  return { order, ranks, score };
}

/** Recall after each detection, and the best precision from there on. */
function curveOf(order: readonly number[], { wanted, hit, ignored }: Matched, t: number) {
  const start = t * hit.length / overlaps.length;
  const recall = new Float64Array(order.length);
  const precision = new Float64Array(order.length);
  let hits = 0;
  let misses = 0;
  order.forEach((d, i) => {
    if (!ignored[start + d]) {
      if (hit[start + d]) hits++;
      else misses++;
    }
    recall[i] = hits / wanted;
    precision[i] = hits / (misses + hits + Number.EPSILON);
  });
  for (let i = order.length - 1; i > 0; i--) {
    precision[i - 1] = Math.max(precision[i - 1], precision[i]);
  }
  return { recall, precision };
}

/** The mean of an array's entries above −1, of all categories or of one. −1 if there is none. */
function meanOf(
  array: Float64Array,
  categories: number,
  { overlap, area = 0, limit = limits.length - 1 }: Summary,
  category?: number,
): number {
  const inner = areas.length * limits.length;
  const all = overlaps.length;
  let sum = 0;
  let count = 0;
  for (let i = area * limits.length + limit; i < array.length; i += inner) {
    if (overlap !== undefined && Math.floor(i * all / array.length) !== overlap) continue;
    if (category !== undefined && Math.floor(i / inner) % categories !== category) continue;
    if (array[i] < 0) continue;
    sum += array[i];
    count++;
  }
  return count === 0 ? -1 : sum / count;
}
