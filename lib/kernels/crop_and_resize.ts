import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { Attr, DataType, typeAttribute } from "../tensorflow/binding.ts";
import { FLOAT, nativeOr } from "./native.ts";

/** Points on maps: in each row the places of one box along one side. */
export interface Points {
  /** The number of points along a side, at least 2. */
  readonly points: number;
  /** The first and the last place in pixels, [boxes] each. */
  readonly first: Tensor;
  readonly last: Tensor;
}

/**
 * Samples maps, [batch, height, width, channels], at the points of each box's grid, evenly spaced
 * from the first to the last along each side: [boxes, rows, columns, channels]. `images` has the
 * map of each box, int32 [boxes]. Interpolates between the four pixels around a point. A point
 * outside the centres of the outer pixels is 0. Gradients flow to the maps only. Runs TensorFlow's
 * `CropAndResize`, or its twin of matrix products on tfjs's own backend, which copies a map for
 * each box.
 */
export function cropAndResize(x: Tensor, rows: Points, columns: Points, images: Tensor): Tensor {
  const { float32, int32 } = DataType;
  const shape = (x as Tensor4D).shape;
  const method = { name: "method", type: Attr.string, value: "bilinear" };
  return nativeOr(() => cropTwin(x, rows, columns, images), (native) =>
    tf.customGrad((x, save) => {
      const share = (place: Tensor, side: number) => tf.div(place, side - 1);
      const boxes = tf.stack([
        share(rows.first, shape[1]),
        share(columns.first, shape[2]),
        share(rows.last, shape[1]),
        share(columns.last, shape[2]),
      ], 1);
      const [value] = native.chain(
        [x as Tensor, boxes, images],
        ({ op, constant }, x, boxes, images) => {
          const size = constant([2], int32, Int32Array.of(rows.points, columns.points));
          const outside = { name: "extrapolation_value", type: Attr.float, value: 0 };
          return op("CropAndResize", [x, boxes, images, size], [FLOAT, method, outside]);
        },
      );
      (save as tf.GradSaveFunc)([boxes, images]);
      const gradFunc = (dy: Tensor, saved: Tensor[]) =>
        native.chain([dy, ...saved], ({ op, constant }, dy, boxes, images) =>
          op(
            "CropAndResizeGradImage",
            [dy, boxes, images, constant([4], int32, Int32Array.from(shape))],
            [typeAttribute("T", float32), method],
          ))[0];
      return { value, gradFunc };
    })(x));
}

/** `cropAndResize` made of tfjs ops. */
function cropTwin(x: Tensor, rows: Points, columns: Points, images: Tensor): Tensor {
  const [, height, width] = (x as Tensor4D).shape;
  const maps = tf.gather(x, images);
  return sampleSeparably(maps, hats(rows, height), hats(columns, width));
}

/** The weight of each pixel of a side at each point, [boxes, points, pixels]. */
function hats({ points, first, last }: Points, pixels: number): Tensor {
  const step = tf.div(tf.sub(last, first), points - 1);
  const places = tf.add(
    tf.expandDims(first, 1),
    tf.mul(tf.expandDims(step, 1), tf.range(0, points)),
  );
  return bilinearWeights(places, pixels);
}

/**
 * The weight of each pixel of a side at `places` in pixels, [boxes, points]: [boxes, points,
 * pixels]. All are 0 at a place outside the centres of the outer pixels.
 */
export function bilinearWeights(places: Tensor, pixels: number): Tensor {
  const inside = tf.logicalAnd(tf.greaterEqual(places, 0), tf.lessEqual(places, pixels - 1));
  const distance = tf.abs(tf.sub(tf.expandDims(places, 2), tf.range(0, pixels)));
  const weights = tf.maximum(tf.sub(1, distance), 0);
  return tf.mul(weights, tf.cast(tf.expandDims(inside, 2), "float32"));
}

/**
 * Combines the pixels of maps, [boxes, height, width, channels], by weights of rows, [boxes, rows,
 * height], and of columns, [boxes, columns, width]: [boxes, rows, columns, channels].
 */
export function sampleSeparably(maps: Tensor, rows: Tensor, columns: Tensor): Tensor {
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
