import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import { gather } from "../kernels/gather.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { type RowTerms, weightedRows } from "../kernels/weighted_rows.ts";
import { stopGradient } from "./ops.ts";

/** How regions are pooled. */
export interface RoiAlignOptions {
  /** Bins along each side. Default: 7. */
  readonly bins?: number;
  /**
   * Samples along a bin. With 0, ⌈length of the region in pixels of the map / bins⌉, which needs
   * matrices of every region and map, and regions at most twice as long as the map: for small
   * maps. Default: 2.
   */
  readonly ratio?: number;
  /**
   * Whether a region is moved by half a pixel, so that pixels are squares around their centres
   * (detectron2). If not, a region has at least the length of a pixel. Default: no.
   */
  readonly aligned?: boolean;
}

/** RegionBoxes of images. */
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
 * RoIAlign (He et al., 2017): pools regions of maps, [batch, height, width, channels], whose sides
 * are `scale` times as long as the images', into bins: [regions, bins, bins, channels]. A bin is
 * the mean of ratio² samples between pixels. A sample farther than 1 outside the centres of the
 * outer pixels is 0, one nearer has the value at the border. Gradients flow to the maps.
 */
export function roiAlign(
  x: Tensor,
  regions: RegionBoxes,
  scale: number,
  options: RoiAlignOptions = {},
): Tensor {
  return options.ratio === 0
    ? poolByLength(x, regions, scale, options)
    : poolFrom([x], tf.zeros([regions.boxes.shape[0]], "int32"), regions, [scale], options);
}

/** Pools each region from the map of its level, int32 [regions], which has a scale of its own. */
function poolFrom(
  maps: readonly Tensor[],
  levels: Tensor,
  regions: RegionBoxes,
  scales: readonly number[],
  { bins = 7, ratio = 2, aligned = false }: RoiAlignOptions,
): Tensor {
  const [, , , channels] = (maps[0] as Tensor4D).shape;
  const ofLevel: OfLevel = (values, type = "float32") =>
    gather(tf.tensor1d([...values], type), levels, 0);
  const { down, across } = extentsOf(
    regions.boxes,
    tf.expandDims(ofLevel(scales), 1),
    aligned,
  );
  const along = (extent: Extent, axis: 1 | 2) =>
    termsAlong(extent, ofLevel(maps.map(({ shape }) => shape[axis]!)), bins, ratio);
  const first = firstPixels(maps, regions.images, ofLevel);
  const widths = ofLevel(maps.map(({ shape }) => shape[2]!), "int32");
  const pooled = weightedRows(
    tf.concat(maps.map((map) => tf.reshape(map, [-1, channels])), 0),
    crossTerms(along(down, 1), along(across, 2), first, widths),
  );
  return tf.reshape(pooled, [-1, bins, bins, channels]);
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

/** Where regions are on maps, `scale` times as long as the images. */
function extentsOf(
  boxes: Tensor,
  scale: number | Tensor,
  aligned: boolean,
): { readonly down: Extent; readonly across: Extent } {
  const [x1, y1, x2, y2] = tf.unstack(tf.mul(stopGradient(boxes), scale), 1);
  const extent = (from: Tensor, to: Tensor): Extent => {
    const length = tf.sub(to, from);
    return aligned
      ? { start: tf.sub(from, 0.5), length }
      : { start: from, length: tf.maximum(length, 1) };
  };
  return { down: extent(y1, y2), across: extent(x1, x2) };
}

/**
 * The pixels of a side that each bin is the weighted sum of, [regions, bins, 2 · ratio]: two for
 * each sample. `sides`: the number of pixels, [regions].
 */
function termsAlong(
  { start, length }: Extent,
  sides: Tensor,
  bins: number,
  ratio: number,
): RowTerms {
  const column = (values: Tensor) => tf.reshape(values, [-1, 1, 1]);
  const samples = tf.div(tf.add(tf.range(0, bins * ratio), 0.5), bins * ratio);
  const places = tf.add(
    column(start),
    tf.mul(column(length), tf.reshape(samples, [1, bins, ratio])),
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
  const each = tf.div(tf.cast(isInside, "float32"), ratio);
  const pixels = tf.concat([lower, tf.minimum(tf.add(lower, 1), last)], 2);
  return {
    indices: tf.cast(pixels, "int32"),
    weights: tf.concat([tf.mul(tf.sub(1, share), each), tf.mul(share, each)], 2),
  };
}

/** `roiAlign` with as many samples along a bin as it has pixels. */
function poolByLength(
  x: Tensor,
  { boxes, images }: RegionBoxes,
  scale: number,
  { bins = 7, aligned = false }: RoiAlignOptions,
): Tensor {
  const [, height, width] = (x as Tensor4D).shape;
  const { down, across } = extentsOf(boxes, scale, aligned);
  return combinePixels(
    tf.gather(x, images),
    weightsOfBins(down, height, bins),
    weightsOfBins(across, width, bins),
  );
}

/** The weight of each pixel of a side in each bin, [regions, bins, pixels]. */
function weightsOfBins({ start, length }: Extent, pixels: number, bins: number): Tensor {
  const [regions] = start.shape;
  const most = Math.ceil(2 * pixels / bins);
  const column = (values: Tensor) => tf.reshape(values, [regions, 1, 1]);
  const count = tf.clipByValue(tf.ceil(tf.div(length, bins)), 1, most);
  const sample = tf.range(0, most);
  const place = tf.add(
    tf.reshape(tf.range(0, bins), [bins, 1]),
    tf.div(tf.add(sample, 0.5), column(count)),
  );
  const places = tf.add(column(start), tf.mul(place, column(tf.div(length, bins))));
  const isUsed = tf.logicalAnd(
    tf.less(sample, column(count)),
    tf.logicalAnd(tf.greaterEqual(places, -1), tf.lessEqual(places, pixels)),
  );
  const all = bins * most;
  const weights = bilinearWeights(
    tf.reshape(tf.clipByValue(places, 0, pixels - 1), [regions, all]),
    pixels,
  );
  const used = tf.mul(weights, tf.cast(tf.reshape(isUsed, [regions, all, 1]), "float32"));
  const sums = tf.sum(tf.reshape(used, [regions, bins, most, pixels]), 2);
  return tf.div(sums, column(count));
}

/**
 * The weight of each pixel of a side at `places` in pixels, [boxes, points]: [boxes, points,
 * pixels]. All are 0 at a place outside the centres of the outer pixels.
 */
function bilinearWeights(places: Tensor, pixels: number): Tensor {
  const inside = tf.logicalAnd(tf.greaterEqual(places, 0), tf.lessEqual(places, pixels - 1));
  const distance = tf.abs(tf.sub(tf.expandDims(places, 2), tf.range(0, pixels)));
  const weights = tf.maximum(tf.sub(1, distance), 0);
  return tf.mul(weights, tf.cast(tf.expandDims(inside, 2), "float32"));
}

/**
 * Combines the pixels of maps, [boxes, height, width, channels], by weights of rows, [boxes, rows,
 * height], and of columns, [boxes, columns, width]: [boxes, rows, columns, channels].
 */
function combinePixels(maps: Tensor, rows: Tensor, columns: Tensor): Tensor {
  const [boxes, height, width, channels] = (maps as Tensor4D).shape;
  const [down, across] = [rows.shape[1]!, columns.shape[1]!];
  const lines = tf.matMul(rows, tf.reshape(maps, [boxes, height, width * channels]));
  const each = tf.reshape(
    tf.transpose(tf.reshape(lines, [boxes, down, width, channels]), [0, 2, 1, 3]),
    [boxes, width, down * channels],
  );
  const points = tf.reshape(tf.matMul(columns, each), [boxes, across, down, channels]);
  return tf.transpose(points, [0, 2, 1, 3]);
}

/** A pyramid of maps and the regions that belong to each of them. */
export interface PyramidOptions extends Omit<RoiAlignOptions, "ratio"> {
  /** The side of the square regions for `canonicalLevel`, in pixels. Default: 224. */
  readonly canonicalSize?: number;
  /** A level: log2 of the pixels of the image along one of its pixels. Default: 4. */
  readonly canonicalLevel?: number;
}

/**
 * Which of a pyramid's `maps` each of `boxes`, [regions, 4], is pooled from: the one of the level
 * ⌊canonicalLevel + log2(√area / canonicalSize)⌋, or of the nearest level that there is, int32
 * [regions]. A level begins a millionth below its border, so that the border itself belongs to it.
 */
export function roiLevels(
  boxes: Tensor,
  finest: number,
  maps: number,
  { canonicalSize = 224, canonicalLevel = 4 }: PyramidOptions = {},
): Tensor {
  const [x1, y1, x2, y2] = tf.unstack(boxes, 1);
  const side = tf.sqrt(tf.maximum(tf.mul(tf.sub(x2, x1), tf.sub(y2, y1)), 0));
  const reached = Array.from({ length: maps - 1 }, (_, i) => {
    const border = canonicalSize * 2 ** (finest + i + 1 - canonicalLevel - 1e-6);
    return tf.cast(tf.greaterEqual(side, border), "int32");
  });
  return tf.addN([tf.zeros([boxes.shape[0]], "int32"), ...reached]);
}

/**
 * `roiAlign` on a pyramid of maps, the finest first, each half as long as the one before, whose
 * first has a pixel for `2 ** finest` pixels of the image along a side: each region is pooled from
 * the map of its level. Returns [regions, bins, bins, channels].
 */
export function pyramidRoiAlign(
  maps: readonly Tensor[],
  regions: RegionBoxes,
  finest: number,
  options: PyramidOptions = {},
): Tensor {
  const levels = roiLevels(regions.boxes, finest, maps.length, options);
  return poolFrom(maps, levels, regions, maps.map((_, i) => 2 ** -(finest + i)), options);
}
