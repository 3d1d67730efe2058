import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import { type RowTerms, weightedRows } from "../kernels/weighted_rows.ts";
import { boxAreas } from "./boxes.ts";
import { stopGradient } from "./ops.ts";

/** Samples along a side of a bin, as in torchvision's detectors. */
const SAMPLES = 2;

/** The level of regions of the canonical size: log2 of the image's pixels along a map's pixel. */
const CANONICAL_LEVEL = 4;

/** How regions are pooled from a pyramid of maps. */
export interface PyramidOptions {
  /** Bins along each side. Default: 7. */
  readonly bins?: number;
  /**
   * Whether a region is moved by half a pixel, so that pixels are squares around their centres
   * (detectron2). If not, a region has at least the length of a pixel. Default: no.
   */
  readonly aligned?: boolean;
  /** The side of the square regions for the level 4, in pixels. Default: 224. */
  readonly canonicalSize?: number;
}

/** Regions of images. */
export interface RegionBoxes {
  /** x1, y1, x2, y2 in pixels of the image: [regions, 4]. */
  readonly boxes: Tensor;
  /** The image of each, int32 [regions]. */
  readonly images: Tensor;
}

/** Where regions begin on a side of a map and how long they are, in its pixels: [regions] each. */
interface Extent {
  readonly start: Tensor;
  readonly length: Tensor;
}

/**
 * RoIAlign (He et al., 2017) on a pyramid of maps, [batch, height, width, channels], the finest
 * first, each half as long as the one before. A pixel of the first has `2 ** finest` pixels of the
 * image along a side. Pools each region from the map of its level into bins, [regions, bins, bins,
 * channels]. A bin is the mean of 2 × 2 samples between pixels. A sample farther than 1 outside the
 * centres of the outer pixels is 0, one nearer has the value at the border. Gradients flow to the
 * maps.
 */
export function pyramidRoiAlign(
  maps: readonly Tensor[],
  regions: RegionBoxes,
  finest: number,
  options: PyramidOptions = {},
): Tensor {
  const { bins = 7, aligned = false } = options;
  const [, , , channels] = (maps[0] as Tensor4D).shape;
  const levels = roiLevels(regions.boxes, finest, maps.length, options);
  const ofLevel: OfLevel = (values, type = "float32") =>
    tf.gather(tf.tensor1d([...values], type), levels);
  const scales = ofLevel(maps.map((_, i) => 2 ** -(finest + i)));
  const { down, across } = extentsOf(regions.boxes, tf.expandDims(scales, 1), aligned);
  const along = (extent: Extent, axis: 1 | 2) =>
    termsAlong(extent, ofLevel(maps.map(({ shape }) => shape[axis]!)), bins);
  const first = firstPixels(maps, regions.images, ofLevel);
  const widths = ofLevel(maps.map(({ shape }) => shape[2]!), "int32");
  const pooled = weightedRows(
    tf.concat(maps.map((map) => tf.reshape(map, [-1, channels])), 0),
    crossTerms(along(down, 1), along(across, 2), first, widths),
  );
  return tf.reshape(pooled, [-1, bins, bins, channels]);
}

/**
 * Which of a pyramid's `maps` each of `boxes`, [regions, 4], is pooled from: the one of the level
 * ⌊4 + log2(√area / canonicalSize)⌋, or of the nearest level that there is, int32 [regions]. A level
 * begins a millionth below its border, so that the border itself belongs to it.
 */
export function roiLevels(
  boxes: Tensor,
  finest: number,
  maps: number,
  { canonicalSize = 224 }: PyramidOptions = {},
): Tensor {
  const side = tf.sqrt(tf.maximum(boxAreas(boxes), 0));
  const reached = Array.from({ length: maps - 1 }, (_, i) => {
    const border = canonicalSize * 2 ** (finest + i + 1 - CANONICAL_LEVEL - 1e-6);
    return tf.cast(tf.greaterEqual(side, border), "int32");
  });
  return tf.addN([tf.zeros([boxes.shape[0]], "int32"), ...reached]);
}

/** Gives each region its level's one of `values`, [regions]. */
type OfLevel = (values: readonly number[], type?: "float32" | "int32") => Tensor;

/** The number of the first pixel of each region's map, int32 [regions]: map by map, image by image. */
function firstPixels(maps: readonly Tensor[], images: Tensor, ofLevel: OfLevel): Tensor {
  const pixels = maps.map(({ shape: [, height, width] }) => height! * width!);
  const all = maps.map(({ shape: [batch] }, i) => batch * pixels[i]);
  const before = all.map((_, i) => all.slice(0, i).reduce((sum, count) => sum + count, 0));
  return tf.add(ofLevel(before, "int32"), tf.mul(images, ofLevel(pixels, "int32")));
}

/**
 * The pixels that each bin is the weighted sum of, [regions · bins², terms²], by those along the
 * sides, [regions, bins, terms]. `first`: the number of the first pixel of each region's map;
 * `widths`: its columns, int32 [regions] each.
 */
function crossTerms(down: RowTerms, across: RowTerms, first: Tensor, widths: Tensor): RowTerms {
  const [regions, bins, terms] = down.indices.shape as [number, number, number];
  const rows = (x: Tensor) => tf.reshape(x, [regions, bins, 1, terms, 1]);
  const columns = (x: Tensor) => tf.reshape(x, [regions, 1, bins, 1, terms]);
  const flat = (x: Tensor) => tf.reshape(x, [regions * bins * bins, terms * terms]);
  const starts = tf.add(
    tf.reshape(first, [regions, 1, 1]),
    tf.mul(down.indices, tf.reshape(widths, [regions, 1, 1])),
  );
  return {
    indices: flat(tf.add(rows(starts), columns(across.indices))),
    weights: flat(tf.mul(rows(down.weights), columns(across.weights))),
  };
}

/** Where regions are on maps, `scales`, [regions, 1], times as long as the images. */
function extentsOf(
  boxes: Tensor,
  scales: Tensor,
  aligned: boolean,
): { readonly down: Extent; readonly across: Extent } {
  const [x1, y1, x2, y2] = tf.unstack(tf.mul(stopGradient(boxes), scales), 1);
  const extent = (from: Tensor, to: Tensor): Extent => {
    const length = tf.sub(to, from);
    return aligned
      ? { start: tf.sub(from, 0.5), length }
      : { start: from, length: tf.maximum(length, 1) };
  };
  return { down: extent(y1, y2), across: extent(x1, x2) };
}

/**
 * The pixels of a side that each bin is the weighted sum of, [regions, bins, 4]: two for each sample.
 * `sides`: the number of pixels, [regions].
 */
function termsAlong({ start, length }: Extent, sides: Tensor, bins: number): RowTerms {
  const column = (values: Tensor) => tf.reshape(values, [-1, 1, 1]);
  const count = bins * SAMPLES;
  const samples = tf.div(tf.add(tf.range(0, count), 0.5), count);
  const places = tf.add(
    column(start),
    tf.mul(column(length), tf.reshape(samples, [1, bins, SAMPLES])),
  );
  const isInside = tf.logicalAnd(
    tf.greaterEqual(places, -1),
    tf.lessEqual(places, column(sides)),
  );
  const last = column(tf.sub(sides, 1));
  // What is no number is not inside, and must not become an index.
  const inside = tf.where(isInside, places, tf.zerosLike(places));
  const place = tf.minimum(tf.maximum(inside, 0), last);
  const lower = tf.floor(place);
  const share = tf.sub(place, lower);
  const each = tf.div(tf.cast(isInside, "float32"), SAMPLES);
  const pixels = tf.concat([lower, tf.minimum(tf.add(lower, 1), last)], 2);
  return {
    indices: tf.cast(pixels, "int32"),
    weights: tf.concat([tf.mul(tf.sub(1, share), each), tf.mul(share, each)], 2),
  };
}
