import { assertEquals } from "@std/assert";
import { brightness, color, contrast, sharpness } from "../../lib/data/bytes/blends.ts";
import type { ByteImage } from "../../lib/data/bytes/byte_image.ts";
import { autoContrast, equalize, posterize, solarize } from "../../lib/data/bytes/tones.ts";
import {
  rotate,
  shearX,
  shearY,
  translateX,
  translateY,
  type WarpOptions,
} from "../../lib/data/bytes/warp.ts";
import { applyFixMatchAugment, fixMatchAugment } from "../../lib/data/fix_match_augment.ts";
import { stream } from "../../lib/values/random.ts";

/** An image large enough to be equalised, in which no two of the ops do the same. */
const image: ByteImage = (() => {
  const [width, height, noise] = [24, 20, stream(1, "image")];
  const data = Uint8Array.from({ length: width * height * 3 }, () => 20 + noise.below(200));
  return { width, height, data };
})();

const warp: WarpOptions = { filter: "nearest", fill: [0, 0, 0] };

/** What each op makes of the image at the least and at the most of its range. */
const OPS: readonly (readonly [name: string, least: ByteImage, most: ByteImage])[] = [
  ["autoContrast", autoContrast(image), autoContrast(image)],
  ["brightness", brightness(image, 0.05), brightness(image, 0.95)],
  ["color", color(image, 0.05), color(image, 0.95)],
  ["contrast", contrast(image, 0.05), contrast(image, 0.95)],
  ["equalize", equalize(image), equalize(image)],
  ["identity", image, image],
  // The draws are below 1, and bits are whole.
  ["posterize", posterize(image, 4), posterize(image, 7)],
  ["rotate", rotate(image, -30, warp), rotate(image, 30, warp)],
  ["sharpness", sharpness(image, 0.05), sharpness(image, 0.95)],
  ["shearX", shearX(image, -0.3, warp), shearX(image, 0.3, warp)],
  ["shearY", shearY(image, -0.3, warp), shearY(image, 0.3, warp)],
  ["solarize", solarize(image, 0), solarize(image, 256)],
  ["translateX", translateX(image, -0.3, warp), translateX(image, 0.3, warp)],
  ["translateY", translateY(image, -0.3, warp), translateY(image, 0.3, warp)],
];

/** Applies the op of this number, alone, at a draw from its range. */
function applyOp(number: number, draw: number): ByteImage {
  return applyFixMatchAugment(image, fixMatchAugment({ n: 1, cutout: 0 }), {
    ...stream(1, "other"),
    below: (bound) => {
      assertEquals(bound, OPS.length);
      return number;
    },
    uniform: () => draw,
  });
}

for (const [number, [name, least, most]] of OPS.entries()) {
  Deno.test(`fixMatchAugment: ${name} at its least and at its most`, () => {
    assertEquals(applyOp(number, 0), least);
    assertEquals(applyOp(number, 1 - 2 ** -32), most);
  });
}

Deno.test("fixMatchAugment: the image of these tests tells the ops apart", () => {
  const distinct = (results: readonly ByteImage[]) =>
    new Set(results.map(({ data }) => data.join())).size;
  assertEquals(distinct(OPS.map(([, least]) => least)), OPS.length);
  // Nothing is above the largest threshold: `solarize` is then the identity.
  assertEquals(distinct(OPS.map(([, , most]) => most)), OPS.length - 1);
});

Deno.test("fixMatchAugment: ops follow each other, each at a draw of its own", () => {
  const [ops, draws] = [[7, 3], [1 - 2 ** -32, 0, 0]];
  const both = applyFixMatchAugment(image, fixMatchAugment({ cutout: 0 }), {
    ...stream(1, "other"),
    below: () => ops.shift()!,
    uniform: () => draws.shift()!,
  });
  assertEquals(both, contrast(rotate(image, 30, warp), 0.05));
});
