import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import {
  bilinearWeights,
  cropAndResize,
  type Points,
  sampleSeparably,
} from "../kernels/crop_and_resize.ts";
import { repeatBorder } from "../kernels/mirror_pad.ts";
import type { Tensor } from "../kernels/tensor.ts";
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
  { boxes, images }: RegionBoxes,
  scale: number,
  { bins = 7, ratio = 2, aligned = false }: RoiAlignOptions = {},
): Tensor {
  const [x1, y1, x2, y2] = tf.unstack(tf.mul(stopGradient(boxes), scale), 1);
  const extent = (from: Tensor, to: Tensor): Extent => {
    const length = tf.sub(to, from);
    return aligned
      ? { start: tf.sub(from, 0.5), length }
      : { start: from, length: tf.maximum(length, 1) };
  };
  const [down, across] = [extent(y1, y2), extent(x1, x2)];
  if (ratio === 0) return poolByLength(x, images, down, across, bins);
  const grid = ({ start, length }: Extent): Points => {
    const points = bins * ratio;
    // One pixel more, because the map's border is repeated.
    const at = (point: number) => tf.add(tf.add(start, 1), tf.mul(length, (point + 0.5) / points));
    return { points, first: at(0), last: at(points - 1) };
  };
  const samples = cropAndResize(repeatBorder(x), grid(down), grid(across), images);
  return ratio === 1 ? samples : tf.avgPool(samples as Tensor4D, ratio, ratio, "valid");
}

/** `roiAlign` with as many samples along a bin as it has pixels. */
function poolByLength(
  x: Tensor,
  images: Tensor,
  down: Extent,
  across: Extent,
  bins: number,
): Tensor {
  const [, height, width] = (x as Tensor4D).shape;
  const weights = (extent: Extent, side: number) => weightsOfBins(extent, side, bins);
  return sampleSeparably(tf.gather(x, images), weights(down, height), weights(across, width));
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

/** A pyramid of maps and the regions that belong to each of them. */
export interface PyramidOptions extends RoiAlignOptions {
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
  const { boxes, images } = regions;
  const levels = tf.expandDims(roiLevels(boxes, finest, maps.length, options), 1);
  const nowhere = tf.fill(boxes.shape, NOWHERE);
  return tf.addN(maps.map((map, i) => {
    const own = tf.where(tf.equal(levels, i), boxes, nowhere);
    return roiAlign(map, { boxes: own, images }, 2 ** -(finest + i), options);
  }));
}

/** A coordinate so far outside of every image that all samples there are 0. */
const NOWHERE = -1e6;
