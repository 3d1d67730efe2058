import { assertEquals, assertStrictEquals } from "@std/assert";
import type { ByteImage } from "../../../lib/data/bytes/byte_image.ts";
import {
  autoContrast,
  equalize,
  invert,
  posterize,
  solarize,
  solarizeAdd,
} from "../../../lib/data/bytes/tones.ts";

/** A row of pixels whose channels are the same. */
const grey = (values: readonly number[]): ByteImage => ({
  width: values.length,
  height: 1,
  data: Uint8Array.from(values.flatMap((value) => [value, value, value])),
});

/** The first channel of each pixel. */
const reds = ({ data }: ByteImage) => [...data.filter((_, i) => i % 3 === 0)];

Deno.test("tones: each value has its own new one, and the image stays as it is", () => {
  const image = grey([0, 1, 127, 128, 200, 255]);
  assertEquals(reds(invert(image)), [255, 254, 128, 127, 55, 0]);
  assertEquals(reds(posterize(image, 1)), [0, 0, 0, 128, 128, 128]);
  assertEquals(reds(posterize(image, 0)), [0, 0, 0, 0, 0, 0]);
  assertEquals(reds(posterize(image, 8)), reds(image));
  assertEquals(reds(solarize(image, 128)), [0, 1, 127, 127, 55, 0]);
  assertEquals(reds(solarizeAdd(image, 110)), [110, 111, 237, 128, 200, 255]);
  assertEquals(reds(image), [0, 1, 127, 128, 200, 255]);
});

Deno.test("tones: contrast spreads each channel by itself, and a channel of one value stays", () => {
  const image = { width: 2, height: 1, data: Uint8Array.of(10, 7, 0, 60, 7, 255) };
  assertEquals([...autoContrast(image).data], [0, 7, 0, 255, 7, 255]);
});

Deno.test("tones: equalising spreads a channel's values by their counts, unless there are few", () => {
  const few = grey([3, 4, 5]);
  assertEquals(reds(equalize(few)), [3, 4, 5]);
  // 510 pixels below the highest value: a step is 2, its half comes first.
  const many = grey(Array.from({ length: 1020 }, (_, i) => i < 255 ? 9 : i < 510 ? 20 : 30));
  assertEquals(new Set(reds(equalize(many))), new Set([0, 128, 255]));
  assertStrictEquals(equalize(many).width, 1020);
});
