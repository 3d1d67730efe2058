import { assertEquals, assertStrictEquals } from "@std/assert";
import type { ByteImage } from "../../../lib/data/bytes/byte_image.ts";
import {
  rotate,
  shearX,
  shearY,
  translateX,
  translateY,
  type WarpFilter,
} from "../../../lib/data/bytes/warp.ts";

/** 4 × 3 pixels, their red 10 · row + column. */
const image: ByteImage = {
  width: 4,
  height: 3,
  data: Uint8Array.from(
    { length: 36 },
    (_, i) => i % 3 === 0 ? 10 * Math.floor(i / 12) + Math.floor(i / 3) % 4 : 0,
  ),
};

const options = (filter: WarpFilter) => ({ filter, fill: [99, 98, 97] as const });

const reds = ({ width, height, data }: ByteImage) =>
  Array.from(
    { length: height },
    (_, y) => Array.from({ length: width }, (_, x) => data[(y * width + x) * 3]),
  );

for (const filter of ["nearest", "bilinear", "bicubic"] as const) {
  Deno.test(`warp: whole pixels are shifted exactly, the rest is filled, ${filter}`, () => {
    assertEquals(reds(translateX(image, 0.25, options(filter))), [
      [1, 2, 3, 99],
      [11, 12, 13, 99],
      [21, 22, 23, 99],
    ]);
    assertEquals(reds(translateY(image, -1 / 3, options(filter))), [
      [99, 99, 99, 99],
      [0, 1, 2, 3],
      [10, 11, 12, 13],
    ]);
    assertEquals([...translateX(image, 1, options(filter)).data.subarray(0, 3)], [99, 98, 97]);
  });
}

Deno.test("warp: a shear shifts rows or columns by their distance from the edge", () => {
  assertEquals(reds(shearX(image, 1, options("nearest"))), [
    [1, 2, 3, 99],
    [12, 13, 99, 99],
    [23, 99, 99, 99],
  ]);
  assertEquals(reds(shearY(image, -1, options("nearest"))), [
    [0, 99, 99, 99],
    [10, 1, 99, 99],
    [20, 11, 2, 99],
  ]);
});

Deno.test("warp: between pixels a value is interpolated and truncated", () => {
  assertEquals(reds(translateX(image, 0.125, options("bilinear")))[1], [10, 11, 12, 99]);
  assertEquals(reds(translateY(image, 1 / 6, options("bilinear")))[0], [5, 6, 7, 8]);
});

Deno.test("warp: a turn is counter-clockwise about the middle, a whole one changes nothing", () => {
  const square = { width: 3, height: 3, data: image.data.slice(0, 27) };
  const [[a, b, c], [d, e, f], [g, h, i]] = reds(square);
  for (const filter of ["nearest", "bilinear", "bicubic"] as const) {
    assertEquals(reds(rotate(square, 90, options(filter))), [[c, f, i], [b, e, h], [a, d, g]]);
  }
  assertStrictEquals(rotate(square, 0, options("bicubic")), square);
  assertStrictEquals(rotate(square, -360, options("bicubic")), square);
});
