import { assertEquals, assertThrows } from "@std/assert";
import encode from "@jsquash/webp/encode.js";
import { webpDecoder } from "../../../../datasets/images/formats/webp.ts";
import { needs } from "../../../support/needs.ts";

await needs(["read"], "webp: a lossless file has its pixels, a broken one fails", async () => {
  const rgba = Uint8ClampedArray.from(
    { length: 9 * 7 * 4 },
    (_, i) => i % 4 === 3 ? 255 : i * 31 % 251,
  );
  const file = new Uint8Array(await encode(new ImageData(rgba, 9, 7), { lossless: 1 }));
  const decode = await webpDecoder();
  assertEquals([...decode(file).data], [...rgba.filter((_, i) => i % 4 < 3)]);
  for (const bytes of [file.slice(0, -9), file.slice(0, 20)]) {
    assertThrows(() => decode(bytes), Error, "damaged");
  }
  assertEquals(decode(file).width, 9);
});
