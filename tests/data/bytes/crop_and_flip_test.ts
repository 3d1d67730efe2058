import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { cropAndFlip } from "../../../lib/data/bytes/crop_and_flip.ts";
import { stream } from "../../../lib/values/random.ts";

const image = {
  width: 4,
  height: 3,
  data: Uint8Array.from({ length: 36 }, (_, i) => i + 1),
};

Deno.test("cropAndFlip: every window of the padded image, and half of them mirrored", () => {
  const pixel = (y: number, x: number): number[] =>
    y < 0 || y >= 3 || x < 0 || x >= 4 ? [0, 0, 0] : [...image.data.subarray(
      (y * 4 + x) * 3,
      (y * 4 + x) * 3 + 3,
    )];
  const windows = new Map<string, boolean>();
  for (let top = -1; top <= 1; top++) {
    for (let left = -1; left <= 1; left++) {
      const rows = Array.from(
        { length: 3 },
        (_, y) => Array.from({ length: 4 }, (_, x) => pixel(top + y, left + x)),
      );
      windows.set(rows.flat(2).join(), false);
      windows.set(rows.map((row) => row.toReversed()).flat(2).join(), true);
    }
  }
  const random = stream(1, "crops");
  const seen = Array.from({ length: 400 }, () => cropAndFlip(image, 1, true, random).data.join());
  assert(seen.every((one) => windows.has(one)));
  assertEquals(new Set(seen).size, 18);
  const mirrored = seen.filter((one) => windows.get(one)).length;
  assert(mirrored > 160 && mirrored < 240, `${mirrored}`);
});

Deno.test("cropAndFlip: without either the image is the same", () => {
  assertStrictEquals(cropAndFlip(image, 0, false, stream(1, "crops")), image);
});
