/** An annotated object, with COCO's own names of members. */
export interface CocoAnnotation {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  /** The left and upper edge, width and height in pixels. */
  readonly bbox: readonly [x: number, y: number, width: number, height: number];
  /** The object's own area, of its mask rather than its box, in pixels. */
  readonly area: number;
  /** 1 if the box is around a group of objects, else 0. */
  readonly iscrowd: number;
}

/** A detected object, as a line of COCO's `results.json`. */
export interface CocoDetection {
  readonly image_id: number;
  readonly category_id: number;
  /** The left and upper edge, width and height in pixels. */
  readonly bbox: readonly [x: number, y: number, width: number, height: number];
  readonly score: number;
}

/** The overlaps from which on a detection counts as a hit: 0.5, 0.55 … 0.95, as numpy spaces them. */
export const overlaps: readonly number[] = Array.from(
  { length: 10 },
  (_, i) => i === 9 ? 0.95 : 0.5 + i * ((0.95 - 0.5) / 9),
);

/** A range of areas in pixels. Both ends belong to it. */
export type AreaRange = readonly [least: number, most: number];

/** What became of the detections of one category, image after image, at one range of areas. */
export interface Matched {
  /** The number of objects that had to be found. */
  readonly wanted: number;
  /** 1 for each detection that found an object: [overlaps, detections]. */
  readonly hit: Uint8Array;
  /** 1 for each detection that counts neither as a hit nor as a miss: [overlaps, detections]. */
  readonly ignored: Uint8Array;
}

/** The objects and the detections of one category in one image. */
export interface Scene {
  readonly truths: readonly CocoAnnotation[];
  /** The best first. */
  readonly detections: readonly CocoDetection[];
}

/** A scene with what is measured in it once, for all ranges of areas. */
export interface MeasuredScene extends Scene {
  /** The area of each detection's box. */
  readonly areas: Float64Array;
  /** The overlap of each detection and object: [detections, truths]. */
  readonly overlap: Float64Array;
}

/** Measures a scene. */
export function measureScene({ truths, detections }: Scene): MeasuredScene {
  const areas = new Float64Array(detections.length);
  const overlap = new Float64Array(detections.length * truths.length);
  detections.forEach((detection, d) => {
    areas[d] = detection.bbox[2] * detection.bbox[3];
    truths.forEach((truth, g) => overlap[d * truths.length + g] = overlapOf(detection, truth));
  });
  return { truths, detections, areas, overlap };
}

/** The share of the detection inside of a crowd, or the intersection over union. */
function overlapOf({ bbox: [x, y, w, h] }: CocoDetection, truth: CocoAnnotation): number {
  const [left, top, width, height] = truth.bbox;
  const across = Math.min(x + w, left + width) - Math.max(x, left);
  const down = Math.min(y + h, top + height) - Math.max(y, top);
  if (across <= 0 || down <= 0) return 0;
  const both = across * down;
  return both / (truth.iscrowd ? w * h : w * h + width * height - both);
}

/**
 * Matches the detections of one category to the objects of each image, by the rules of pycocotools:
 * each detection, the best first, takes the object with the largest overlap that is still free.
 * Crowds and objects whose area is out of the range may be found, but count for nothing.
 */
export function matchScenes(scenes: readonly MeasuredScene[], range: AreaRange): Matched {
  const total = scenes.reduce((sum, { detections }) => sum + detections.length, 0);
  const hit = new Uint8Array(overlaps.length * total);
  const ignored = new Uint8Array(overlaps.length * total);
  const isOutside = (area: number) => area < range[0] || area > range[1];
  let wanted = 0;
  let start = 0;
  for (const { truths, areas, overlap } of scenes) {
    const candidates = candidatesOf(truths, isOutside);
    for (const { isIgnored } of candidates) if (!isIgnored) wanted++;
    for (let t = 0; t < overlaps.length; t++) {
      for (const candidate of candidates) candidate.isTaken = false;
      for (let d = 0; d < areas.length; d++) {
        const at = t * total + start + d;
        const found = takeBest(candidates, overlap, d * truths.length, overlaps[t]);
        hit[at] = Number(found?.isNoted ?? false);
        ignored[at] = Number((found?.isIgnored ?? false) || (!hit[at] && isOutside(areas[d])));
      }
    }
    start += areas.length;
  }
  return { wanted, hit, ignored };
}

/** An object while the detections of its image are matched. */
interface Candidate {
  /** Its place among the objects of the image. */
  readonly place: number;
  readonly isCrowd: boolean;
  /** Whether it counts for nothing. */
  readonly isIgnored: boolean;
  /** pycocotools notes the id of the object that was found, and takes 0 for none. */
  readonly isNoted: boolean;
  isTaken: boolean;
}

/** The objects of an image, those that count first. */
function candidatesOf(
  truths: readonly CocoAnnotation[],
  isOutside: (area: number) => boolean,
): Candidate[] {
  const candidates = truths.map(({ id, iscrowd, area }, place): Candidate => ({
    place,
    isCrowd: iscrowd !== 0,
    isIgnored: iscrowd !== 0 || isOutside(area),
    isNoted: id !== 0,
    isTaken: false,
  }));
  return candidates.sort((a, b) => Number(a.isIgnored) - Number(b.isIgnored));
}

/** Takes the object that a detection finds: of equal overlaps the later one, `undefined` if none. */
function takeBest(
  candidates: readonly Candidate[],
  overlap: Float64Array,
  row: number,
  least: number,
): Candidate | undefined {
  let best = Math.min(least, 1 - 1e-10);
  let found: Candidate | undefined;
  for (const candidate of candidates) {
    if (candidate.isTaken && !candidate.isCrowd) continue;
    if (found && !found.isIgnored && candidate.isIgnored) break;
    const here = overlap[row + candidate.place];
    if (here < best) continue;
    best = here;
    found = candidate;
  }
  if (found) found.isTaken = true;
  return found;
}
