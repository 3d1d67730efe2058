import { assertEquals, assertNotEquals } from "@std/assert";
import { brightness, color, contrast } from "../../lib/data/bytes/blends.ts";
import type { ByteImage } from "../../lib/data/bytes/byte_image.ts";
import {
  applyColourJitter,
  colourJitter,
  type ColourJitterOptions,
} from "../../lib/data/colour_jitter.ts";
import { stream } from "../../lib/values/random.ts";

const noise = stream(1, "image");
const image: ByteImage = {
  width: 6,
  height: 5,
  data: Uint8Array.from({ length: 90 }, () => noise.below(256)),
};

/** Applies the changes in this order: brightness is 0, contrast 1, colour 2. */
function apply(options: ColourJitterOptions, order: readonly number[], draws: number[]): ByteImage {
  const jittered = applyColourJitter(image, colourJitter(options), {
    ...stream(1, "other"),
    uniform: () => draws.shift()!,
    permutation: (n) => {
      assertEquals(n, order.length);
      return Uint32Array.from(order);
    },
  });
  assertEquals(draws, [], "every draw is used");
  return jittered;
}

const CHANGES = { brightness, contrast, color };
const none = { brightness: 0, contrast: 0, color: 0 };

for (const [name, change] of Object.entries(CHANGES)) {
  Deno.test(`colourJitter: ${name} alone, at its least, in the middle and at its most`, () => {
    for (const [draw, factor] of [[0, 0.75], [0.5, 1], [0.75, 1.125]]) {
      const jittered = apply({ ...none, [name]: 0.25 }, [0, 1, 2], [draw]);
      assertEquals(jittered, change(image, factor));
    }
  });
}

Deno.test("colourJitter: the changes follow each other in the order that is drawn", () => {
  const ranges = { brightness: 0.5, contrast: 0.25, color: 1 };
  const forwards = apply(ranges, [0, 1, 2], [0, 0.75, 0.25]);
  assertEquals(forwards, color(contrast(brightness(image, 0.5), 1.125), 0.5));
  const other = apply(ranges, [2, 0, 1], [0.25, 0, 0.75]);
  assertEquals(other, contrast(brightness(color(image, 0.5), 0.5), 1.125));
  assertNotEquals(other, forwards);
});
