import { assertEquals } from "@std/assert";
import { brightness, color, contrast, sharpness } from "../../../lib/data/bytes/blends.ts";
import { luma } from "../../../lib/data/bytes/byte_image.ts";

const image = {
  width: 3,
  height: 3,
  data: Uint8Array.from({ length: 27 }, (_, i) => i === 12 ? 255 : 10 * (i % 3)),
};

Deno.test("blends: a factor of 1 changes nothing", () => {
  for (const change of [brightness, color, contrast, sharpness]) {
    assertEquals(change(image, 1), image);
  }
});

Deno.test("blends: a factor of 0 gives black, greys, the mean grey and the mean of neighbours", () => {
  const grey = luma(0, 10, 20);
  const middle = luma(255, 10, 20);
  const mean = Math.floor((8 * grey + middle) / 9 + 0.5);
  assertEquals(new Set(brightness(image, 0).data), new Set([0]));
  assertEquals(new Set(color(image, 0).data), new Set([grey, middle]));
  assertEquals(new Set(contrast(image, 0).data), new Set([mean]));
  // Only the pixel in the middle has all neighbours: 5 of 13 parts of its red are its own.
  const expected = image.data.slice();
  expected[12] = Math.round(5 * 255 / 13);
  assertEquals(sharpness(image, 0).data, expected);
});

Deno.test("blends: values are cut to a byte and truncated", () => {
  assertEquals([...brightness(image, 1.99).data.subarray(12, 15)], [255, 19, 39]);
  assertEquals([...contrast(image, 9).data.subarray(0, 2)], [0, 0]);
});
