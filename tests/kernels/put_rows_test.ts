import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { putRows } from "../../lib/kernels/put_rows.ts";
import { onBoth } from "../engines.ts";
import { everything, needs } from "../needs.ts";

await needs(
  everything,
  "rows are put in their places, and the matrix that they are put into stays as it was",
  async () => {
    const { native, twin } = await onBoth(() => {
      const x = tf.tensor2d([[1, 2], [3, 4], [5, 6], [7, 8]]);
      const put = putRows(x, tf.tensor1d([2, 0, 2], "int32"), tf.tensor2d([[50, 60], [10, 20], [50, 60]]));
      return [put, x];
    });
    assertEquals(native.map((values) => [...values]), [[10, 20, 3, 4, 50, 60, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8]]);
    assertEquals(twin, native);
  },
);
