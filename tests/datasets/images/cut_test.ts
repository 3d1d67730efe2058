import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { cutOut, type RandomCut } from "../../../datasets/images/cut.ts";
import type { ByteImage } from "../../../lib/data/bytes/byte_image.ts";
import { bilinear } from "../../support/bilinear.ts";

/** Pixels without relation to their neighbours. */
const noise = (width: number, height: number): ByteImage => ({
  width,
  height,
  data: Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => (i * 7919 + (i >> 3) * 104_729) % 251,
  ),
});

/** An image whose red is the column and whose green is the row. */
const places = (width: number, height: number): ByteImage => ({
  width,
  height,
  data: Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => [Math.floor(i / 3) % width, Math.floor(i / 3 / width), 0][i % 3],
  ),
});

const random = (stream: string): RandomCut => ({
  kind: "random",
  size: 32,
  area: [0.08, 1],
  ratio: [3 / 4, 4 / 3],
  seed: 1,
  stream,
});

Deno.test("cut: centre scales the shorter side and cuts the middle, with half margins rounded to even", () => {
  for (
    // Torchvision's left and top: half of 5, 3, 1, 2 and 0, rounded to even.
    const [width, height, shorter, size, columns, rows, left, top] of [
      [40, 30, 10, 8, 13, 10, 2, 1],
      [30, 40, 9, 8, 9, 12, 0, 2],
      [12, 9, 18, 15, 24, 18, 4, 2],
      [17, 17, 6, 6, 6, 6, 0, 0],
    ]
  ) {
    const image = noise(width, height);
    const out = cutOut(image, { kind: "centre", size, shorter });
    assertEquals(out.length, size * size * 3);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const golden = bilinear(image, [columns, rows], [left + x, top + y, x % 3]);
        assertAlmostEquals(out[(y * size + x) * 3 + x % 3], golden, 0.5 + 1e-9);
      }
    }
  }
});

Deno.test("cut: a random part is scaled like an image of its own, and a stream repeats its part", () => {
  const image = noise(50, 37);
  const cut = random("part/1/7");
  const out = cutOut(image, cut);
  assertEquals(cutOut(image, cut), out);
  assertNotEquals(cutOut(image, random("part/2/7")), out);
  assertNotEquals(cutOut(image, random("part/1/8")), out);
  assertNotEquals(cutOut(image, { ...cut, seed: 2 }), out);
  // The whole square is the only part with this area and ratio.
  const square = noise(41, 41);
  const whole = cutOut(square, { ...cut, area: [1, 1], ratio: [1, 1] });
  for (let i = 0; i < whole.length; i += 17) {
    const pixel = Math.floor(i / 3);
    assertAlmostEquals(
      whole[i],
      bilinear(square, [32, 32], [pixel % 32, pixel >> 5, i % 3]),
      0.5 + 1e-9,
    );
  }
});

Deno.test("cut: random parts fill the ranges of area, ratio and position", () => {
  const image = places(240, 180);
  const parts: { area: number; ratio: number; left: number; top: number }[] = [];
  for (let i = 0; i < 400; i++) {
    const out = cutOut(image, random(`part/1/${i}`));
    const last = (31 * 32 + 31) * 3;
    // The outermost of 32 pixels of a slope are 31/32 of its length apart.
    const [width, height] = [0, 1].map((c) => (out[last + c] - out[c]) * 32 / 31);
    parts.push({ area: width * height / 43_200, ratio: width / height, left: out[0], top: out[1] });
  }
  const all = (key: keyof typeof parts[0]) => parts.map((one) => one[key]);
  const [areas, ratios, mean] = [
    all("area"),
    all("ratio"),
    (of: number[]) => of.reduce((a, b) => a + b) / of.length,
  ];
  assert(Math.min(...areas) > 0.07 && Math.min(...areas) < 0.13, `${Math.min(...areas)}`);
  assert(Math.max(...areas) > 0.9 && Math.max(...areas) < 1.02, `${Math.max(...areas)}`);
  assert(Math.min(...ratios) > 0.72 && Math.min(...ratios) < 0.8, `${Math.min(...ratios)}`);
  assert(Math.max(...ratios) < 1.39 && Math.max(...ratios) > 1.25, `${Math.max(...ratios)}`);
  // Large parts with an extreme ratio do not fit and are drawn again, so the mean is a little less
  // than the middle of .08 and 1.
  assert(mean(areas) > 0.42 && mean(areas) < 0.55, `${mean(areas)}`);
  assert(new Set(all("left")).size > 60 && new Set(all("top")).size > 40);
});

Deno.test("cut: without a fitting part the cut is the largest central one in the range", () => {
  const expected = {
    kind: "random",
    size: 4,
    area: [1, 1],
    ratio: [3 / 4, 4 / 3],
    seed: 3,
    stream: "x",
  } as const;
  for (
    const [width, height, part] of [
      [200, 30, { left: 80, top: 0, width: 40, height: 30 }],
      [30, 200, { left: 0, top: 80, width: 30, height: 40 }],
      [9, 1, { left: 4, top: 0, width: 1, height: 1 }],
    ] as const
  ) {
    const image = noise(width, height);
    const out = cutOut(image, expected);
    for (let i = 0; i < 48; i++) {
      const pixel = Math.floor(i / 3);
      assertAlmostEquals(
        out[i],
        bilinear(image, [4, 4], [pixel % 4, pixel >> 2, i % 3], part),
        0.5 + 1e-9,
      );
    }
  }
});
