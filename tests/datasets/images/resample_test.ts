import { assert, assertEquals } from "@std/assert";
import { cutOut } from "../../../datasets/images/cut.ts";
import {
  filters,
  type Interpolation,
  kernels,
  resample,
} from "../../../datasets/images/resample.ts";
import { assemble, ASSEMBLED } from "../../support/assemble_wasm.ts";
import { needs } from "../../support/needs.ts";

const image = {
  width: 6,
  height: 4,
  data: Uint8Array.from({ length: 72 }, (_, i) => (i * 7919) >> 3 & 255),
};

const { bicubic } = kernels;

const scale = (width: number, height: number, by: Interpolation = "bicubic") =>
  resample(image, filters(6, width, 0, kernels[by]), filters(4, height, 0, kernels[by]));

// deno-fmt-ignore
const PILLOWS: Readonly<Record<Interpolation, readonly number[]>> = {
  bilinear: [
    73, 148, 151, 128, 94, 156, 73, 149, 114, 104, 102, 156, 124, 112, 129, 78, 154, 120, 121, 87,
    162, 103, 132, 114, 84, 123, 144, 126, 103, 146, 81, 143, 119, 101, 92, 168, 132, 134, 100, 77,
    139, 137, 132, 98, 173,
  ],
  bicubic: [
    66, 156, 149, 136, 84, 161, 68, 153, 108, 102, 98, 159, 131, 107, 127, 72, 163, 116, 125, 74,
    172, 102, 139, 103, 80, 122, 147, 132, 100, 150, 73, 153, 111, 103, 82, 175, 136, 135, 93, 68,
    143, 137, 138, 93, 177,
  ],
};

for (const by of ["bilinear", "bicubic"] as const) {
  Deno.test(`resample: ${by} is Pillow's, where one side shrinks and the other grows`, () => {
    assertEquals([...scale(3, 5, by)], PILLOWS[by]);
  });
}

await needs(["read"], "resample: the file that is loaded is what its text says", async () => {
  assertEquals(await Deno.readFile(ASSEMBLED), await assemble());
});

Deno.test("resample: a part of the new pixels is that of all, in images of any size", () => {
  const { bilinear } = kernels;
  for (const [from, to] of [[5, 7], [700, 90], [33, 128], [1500, 1024]]) {
    const data = Uint8Array.from({ length: from ** 2 * 3 }, (_, i) => (i * 7919 >> 3) & 255);
    const square = { width: from, height: from, data };
    const all = filters(from, to, 0, bilinear);
    const whole = resample(square, all, all);
    const begin = to >> 2;
    const part = filters(from, to, 0, bilinear, [begin, begin + 3]);
    const rows = [0, 1, 2].map((y) => 3 * ((begin + y) * to + begin));
    assertEquals(
      [...resample(square, part, part)],
      rows.flatMap((start) => [...whole.subarray(start, start + 9)]),
    );
  }
});

Deno.test("resample: bicubic goes beyond the values around, and is cut to a byte", () => {
  const edge = {
    width: 4,
    height: 1,
    data: Uint8Array.of(0, 0, 9, 0, 0, 9, 255, 255, 9, 255, 255, 9),
  };
  const wider = resample(edge, filters(4, 16, 0, bicubic), filters(1, 1, 0, bicubic));
  assertEquals([Math.min(...wider), Math.max(...wider)], [0, 255]);
  assertEquals(new Set(wider.filter((_, i) => i % 3 === 2)), new Set([9]));
  const low = {
    ...edge,
    data: edge.data.map((value) => value === 0 ? 50 : value === 255 ? 150 : 9),
  };
  const reds = resample(low, filters(4, 16, 0, bicubic), filters(1, 1, 0, bicubic))
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
