import * as tf from "@tensorflow/tfjs";
import { cropAndResize } from "../../lib/kernels/crop_and_resize.ts";
import { onBoth } from "../support/engines.ts";
import { assertTwins } from "../support/gradients.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

await needs(
  everything,
  "cropAndResize: values and gradient equal its twin's, outside of the map too",
  async () => {
    await assertTwins("crops", [[2, 5, 7, 3]], (x) => {
      const places = (...values: number[]) => tf.tensor1d(values);
      const rows = { points: 4, first: places(0.3, -2, 3), last: places(3.6, 1.5, 3.2) };
      const columns = { points: 6, first: places(5.5, 2, 4), last: places(0, 9, 4.5) };
      return cropAndResize(x, rows, columns, tf.tensor1d([1, 0, 1], "int32"));
    });
  },
);

await needs(everything, "cropAndResize: samples between pixels", async () => {
  const { native, twin } = await onBoth(() => {
    const map = tf.tensor4d([0, 1, 2, 10, 11, 12], [1, 2, 3, 1]);
    const rows = { points: 2, first: tf.tensor1d([0]), last: tf.tensor1d([0.5]) };
    const columns = { points: 3, first: tf.tensor1d([0.5]), last: tf.tensor1d([2.5]) };
    return [cropAndResize(map, rows, columns, tf.tensor1d([0], "int32"))];
  });
  const expected = [0.5, 1.5, 0, 5.5, 6.5, 0];
  assertNear("TensorFlow", native[0], expected, 1e-6);
  assertNear("twin", twin[0], expected, 1e-6);
});
