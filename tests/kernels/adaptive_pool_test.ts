import { assertAlmostEquals, assertEquals, assertStrictEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { adaptiveMaxPool, adaptivePool, toSmaller } from "../../lib/kernels/adaptive_pool.ts";
import { everything, needs } from "../support/needs.ts";
import { assertTwins, draw } from "../support/gradients.ts";

const SIZES = [[[6, 4], [3, 2]], [[5, 7], [3, 4]], [[7, 7], [1, 1]], [[8, 6], [4, 5]], [[2, 3], [
  5,
  4,
]]] as const;

Deno.test("adaptivePool: bins are PyTorch's for any two sizes", async () => {
  await tf.setBackend("cpu");
  for (const [[height, width], [rows, columns]] of SIZES) {
    tf.tidy(() => {
      const map = draw("map", [2, height, width, 3]);
      const at = map.bufferSync();
      const pooled = adaptivePool(map, rows, columns);
      const output = pooled.bufferSync();
      assertEquals(pooled.shape, [2, rows, columns, 3]);
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const values: number[] = [];
          for (
            let y = Math.floor(row * height / rows);
            y < Math.ceil((row + 1) * height / rows);
            y++
          ) {
            for (
              let x = Math.floor(column * width / columns);
              x < Math.ceil((column + 1) * width / columns);
              x++
            ) {
              values.push(at.get(1, y, x, 2));
            }
          }
          const mean = values.reduce((a, b) => a + b) / values.length;
          assertAlmostEquals(
            output.get(1, row, column, 2),
            mean,
            1e-6,
            `${height}×${width} → ${rows}×${columns}`,
          );
        }
      }
    });
  }
});

await needs(everything, "adaptivePool: equals its twin, gradients too", async () => {
  for (const [[height, width], [rows, columns]] of SIZES) {
    await assertTwins(
      `${height}×${width} → ${rows}×${columns}`,
      [[2, height, width, 3]],
      (x) => adaptivePool(x, rows, columns),
    );
  }
});

Deno.test("toSmaller: along each side the larger map takes the size of the smaller", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const map = (height: number, width: number) => draw("map", [1, height, width, 2]);
    const shapes = (a: tf.Tensor, b: tf.Tensor) => toSmaller(a, b).map(({ shape }) => shape);
    assertEquals(shapes(map(8, 8), map(3, 3)), [[1, 3, 3, 2], [1, 3, 3, 2]]);
    assertEquals(shapes(map(3, 8), map(5, 4)), [[1, 3, 4, 2], [1, 3, 4, 2]]);
    const same = map(4, 4);
    assertStrictEquals(toSmaller(same, map(9, 9))[0], same);
  });
});

Deno.test("adaptiveMaxPool: each bin gives its maximum, for any sides", async () => {
  await tf.setBackend("cpu");
  for (const [side, bins] of [[6, 3], [7, 3], [5, 4], [3, 3], [2, 3]]) {
    const values = Array.from({ length: side * side }, (_, i) => (37 * i) % 101);
    const at = (bin: number) => {
      const start = Math.floor(bin * side / bins);
      const end = Math.ceil((bin + 1) * side / bins);
      return Array.from({ length: end - start }, (_, i) => start + i);
    };
    const expected = Array.from({ length: bins * bins }, (_, i) => {
      const rows = at(Math.floor(i / bins));
      const columns = at(i % bins);
      return Math.max(
        ...rows.flatMap((row) => columns.map((column) => values[row * side + column])),
      );
    });
    const pooled = adaptiveMaxPool(tf.tensor4d(values, [1, side, side, 1]), bins, bins);
    assertEquals([...pooled.dataSync()], expected, `${side} → ${bins}`);
  }
});

Deno.test("adaptiveMaxPool: one of several equal values gets the gradient", async () => {
  await tf.setBackend("cpu");
  const gradient = tf.grad((x) => adaptiveMaxPool(x as tf.Tensor, 2, 2))(
    tf.ones([1, 5, 5, 1]),
    tf.ones([1, 2, 2, 1]),
  );
  assertEquals(gradient.sum().dataSync()[0], 4);
});

await needs(everything, "adaptiveMaxPool: equals its twin, gradients too", async () => {
  await assertTwins("a map of odd sides", [[2, 7, 5, 3]], (x) => adaptiveMaxPool(x, 3, 2));
});
