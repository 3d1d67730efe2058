import { assert, assertEquals } from "@std/assert";
import { cutOut } from "../../../datasets/images/cut.ts";
import { filters, kernels, resample } from "../../../datasets/images/resample.ts";

const image = {
  width: 6,
  height: 4,
  data: Uint8Array.from({ length: 72 }, (_, i) => (i * 7919) >> 3 & 255),
};

const { bicubic } = kernels;

const scale = (width: number, height: number) =>
  resample(image, filters(6, width, 0, bicubic), filters(4, height, 0, bicubic), bicubic);

// deno-fmt-ignore
const PILLOWS = [
  66, 156, 149, 136, 84, 161, 68, 153, 108, 102, 98, 159, 131, 107, 127, 72, 163, 116, 125, 74,
  172, 102, 139, 103, 80, 122, 147, 132, 100, 150, 73, 153, 111, 103, 82, 175, 136, 135, 93, 68,
  143, 137, 138, 93, 177,
];

Deno.test("resample: bicubic is Pillow's, where one side shrinks and the other grows", () => {
  assertEquals([...scale(3, 5)], PILLOWS);
});

Deno.test("resample: bicubic goes beyond the values around, and is cut to a byte", () => {
  const edge = {
    width: 4,
    height: 1,
    data: Uint8Array.of(0, 0, 9, 0, 0, 9, 255, 255, 9, 255, 255, 9),
  };
  const wider = resample(edge, filters(4, 16, 0, bicubic), filters(1, 1, 0, bicubic), bicubic);
  assertEquals([Math.min(...wider), Math.max(...wider)], [0, 255]);
  assertEquals(new Set(wider.filter((_, i) => i % 3 === 2)), new Set([9]));
  const low = {
    ...edge,
    data: edge.data.map((value) => value === 0 ? 50 : value === 255 ? 150 : 9),
  };
  const reds = resample(low, filters(4, 16, 0, bicubic), filters(1, 1, 0, bicubic), bicubic)
    .filter((_, i) => i % 3 === 0);
  assert(Math.min(...reds) < 50 && Math.max(...reds) > 150);
});

Deno.test("resample: an image of its own size stays, in every cut", () => {
  assertEquals(scale(6, 4), image.data);
  const square = { width: 4, height: 4, data: image.data.slice(0, 48) };
  for (const interpolation of ["bilinear", "bicubic"] as const) {
    for (const kind of ["square", "centre"] as const) {
      assertEquals(cutOut(square, { kind, size: 4, shorter: 4, interpolation }), square.data);
    }
    const whole = { area: [1, 1], ratio: [1, 1], seed: 1, stream: "part" } as const;
    assertEquals(cutOut(square, { kind: "random", size: 4, ...whole, interpolation }), square.data);
  }
});
