import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { replaceRows } from "../../lib/kernels/replace_rows.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { draw } from "../support/gradients.ts";

await needs(
  everything,
  "tf.gather: equals its twin along the first axis, and along others image by image",
  async () => {
    const { native, twin } = await onBoth(() => {
      const bank = draw("bank", [7, 3]);
      const maps = draw("maps", [2, 4, 5, 3]);
      const rows = tf.tensor2d([[3, 0, 3], [1, 2, 0]], [2, 3], "int32");
      return [
        tf.gather(bank, tf.tensor1d([6, 0, 6], "int32"), 0),
        tf.gather(maps, rows, 1, 1),
        tf.gather(maps, rows, 2, 1),
        tf.gather(tf.tensor1d([5, 6, 7], "int32"), tf.tensor1d([2, 1], "int32"), 0),
      ];
    });
    assertEquals(native, twin);
    assertEquals(native[3], Float32Array.of(7, 6));
  },
);

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
