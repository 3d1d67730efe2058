import { assert, assertEquals } from "@std/assert";
import { contactSheet } from "../../lib/data/contact_sheet.ts";
import type { OpenDataset, Split } from "../../lib/data/dataset.ts";

/** Image `i` has the class `i mod classes` and the grey value `10 (i + 1)`, its left half black. */
function opened(classes: number, size: number, side: number, channels: number): OpenDataset {
  const train: Split = {
    size,
    labels: Int32Array.from({ length: size }, (_, i) => i % classes),
    read: (indices) =>
      Promise.resolve(
        Uint8Array.from(
          Array.from(indices).flatMap((index) =>
            Array.from({ length: side * side * channels }, (_, at) => {
              const column = Math.floor(at / channels) % side;
              return column < side / 2 ? 0 : 10 * (index + 1);
            })
          ),
        ),
      ),
  };
  const names = Array.from({ length: classes }, (_, i) => `class ${i}`);
  return { classes: names, image: [side, side, channels], train, test: train, close() {} };
}

const indices = (size: number) => Array.from({ length: size }, (_, i) => i);

Deno.test("contactSheet: a row per class, images as they are on the left and changed on the right", async () => {
  const none = { crop: 0, flip: false };
  const flip = { crop: 0, flip: true };
  const data = opened(2, 6, 32, 3);
  const sheet = await contactSheet(data, indices(6), none);
  assertEquals([sheet.classes, sheet.columns], [[0, 1], 8]);
  assertEquals([sheet.width, sheet.height], [16 * 68 + 28, 2 * 68 + 4]);
  assertEquals(sheet.data.length, sheet.width * sheet.height * 3);
  const pixel = ({ data, width }: typeof sheet, x: number, y: number) =>
    data[(y * width + x) * 3 + 1];
  // Images of 32 pixels are twice as large. Row 0 has the images 0, 2 and 4.
  for (const [i, value] of [[0, 10], [1, 30], [2, 50]]) {
    assertEquals(pixel(sheet, 4 + 68 * i, 4), 0);
    assertEquals(pixel(sheet, 4 + 68 * i + 32, 4), value);
    assertEquals(pixel(sheet, 4 + 68 * i + 63, 67), value);
    assertEquals(pixel(sheet, 4 + 24 + 68 * (8 + i) + 63, 67), value);
  }
  assertEquals(pixel(sheet, 4 + 63, 4 + 68), 20);
  // Between images, and where a class has no more of them.
  assertEquals([pixel(sheet, 0, 0), pixel(sheet, 70, 2), pixel(sheet, 4 + 68 * 3, 4)], [
    255,
    255,
    255,
  ]);
  const left = (one: typeof sheet) => indices(6).map((i) => pixel(one, 4 + 68 * (i % 3), 4));
  const flipped = await contactSheet(data, indices(6), flip);
  assertEquals(left(flipped), left(sheet));
  const mirrored = [0, 1, 2].flatMap((i) =>
    [0, 1].map((row) => pixel(flipped, 4 + 24 + 68 * (8 + i), 4 + 68 * row) > 0)
  );
  assert(mirrored.includes(true) && mirrored.includes(false), String(mirrored));
});

Deno.test("contactSheet: many classes are spread, only the given images are shown, large ones are thinned", async () => {
  const none = { crop: 0, flip: false };
  const sheet = await contactSheet(opened(40, 80, 8, 1), [1, 2, 3], none);
  assertEquals(sheet.classes.length, 16);
  assertEquals(sheet.classes.slice(0, 3), [0, 2, 5]);
  assertEquals(sheet.height, 16 * 68 + 4);
  const shown = new Set(sheet.data);
  assertEquals([...shown].sort((a, b) => a - b), [0, 30, 255]);
  const large = await contactSheet(opened(1, 2, 224, 1), [0], none);
  assertEquals([large.width, large.height], [16 * 116 + 28, 116 + 4]);
});

Deno.test("contactSheet: of several pictures of an image, the first is shown on the right", async () => {
  const none = { crop: 0, flip: false };
  const plain = opened(2, 6, 32, 3);
  const { train } = plain;
  const bytes = 32 * 32 * 3;
  const read: typeof train.read = async (images, draw) => {
    const pixels = await train.read(images);
    if (!draw) return pixels;
    const both = new Uint8Array(2 * pixels.length);
    for (let i = 0; i < images.length; i++) {
      both.set(
        pixels.subarray(i * bytes, (i + 1) * bytes).map((value) => value + 1),
        2 * i * bytes,
      );
    }
    return both;
  };
  const sheet = await contactSheet(
    { ...plain, train: { ...train, pictures: 2, read } },
    indices(6),
    none,
  );
  const { data, width } = sheet;
  const at = (x: number) => data[(4 * width + x) * 3];
  for (const [i, value] of [[0, 10], [1, 30], [2, 50]]) {
    assertEquals([at(4 + 68 * i + 63), at(4 + 24 + 68 * (8 + i) + 63)], [value, value + 1]);
  }
});
