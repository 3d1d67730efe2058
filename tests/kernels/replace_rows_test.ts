import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { replaceRows } from "../../lib/kernels/replace_rows.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";

await needs(
  everything,
  "replaceRows: replaces rows and leaves its input unchanged",
  async () => {
    const { native, twin } = await onBoth(() => {
      const x = tf.tensor2d([[1, 2], [3, 4], [5, 6], [7, 8]]);
      const result = replaceRows(
        x,
        tf.tensor1d([2, 0, 2], "int32"),
        tf.tensor2d([[50, 60], [10, 20], [50, 60]]),
      );
      return [result, x];
    });
    assertEquals(native.map((values) => [...values]), [[10, 20, 3, 4, 50, 60, 7, 8], [
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
    ]]);
    assertEquals(twin, native);
  },
);
