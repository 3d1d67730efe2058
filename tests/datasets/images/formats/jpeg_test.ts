import { assertEquals, assertThrows } from "@std/assert";
import encode, { init } from "@jsquash/jpeg/encode.js";
import { jpegDecoder } from "../../../../datasets/images/formats/jpeg.ts";
import { needs } from "../../../support/needs.ts";

const smooth = new ImageData(
  Uint8ClampedArray.from(
    { length: 40 * 24 * 4 },
    (_, i) => [i / 40, 200 - i / 20, i % 97, 255][i % 4],
  ),
  40,
  24,
);

const jpeg = async (progressive: boolean) =>
  new Uint8Array(await encode(smooth, { quality: 90, progressive }));

await init();

await needs(["read"], "jpeg: what follows the image is ignored", async () => {
  const decode = await jpegDecoder();
  for (const progressive of [false, true]) {
    const whole = await jpeg(progressive);
    const { data } = decode(whole);
    for (const tail of [new Uint8Array(99), new Uint8Array(99).fill(0xff), whole.slice(0, 300)]) {
      assertEquals(decode(Uint8Array.of(...whole, ...tail)).data, data);
    }
  }
});

await needs(["read"], "jpeg: a file that is cut off fails, unless it has all pixels", async () => {
  const decode = await jpegDecoder();
  const baseline = await jpeg(false);
  for (const end of [[], [0xff], [0, 0, 0, 0]]) {
    const endless = Uint8Array.of(...baseline.slice(0, -2), ...end);
    assertEquals(decode(endless).data, decode(baseline).data);
  }
  const progressive = await jpeg(true);
  for (const length of [2, 20, 200, 400]) {
    for (const whole of [baseline, progressive]) {
      if (whole === baseline && length === 2) continue;
      assertThrows(() => decode(whole.slice(0, -length)), Error);
      assertThrows(() => decode(whole.slice().fill(0, -length)), Error);
    }
  }
  assertThrows(() => decode(progressive.slice(0, -2)), Error, "it is cut off");
  assertThrows(() => decode(baseline.slice(0, -20)), Error, "it is cut off");
});

await needs(["read"], "jpeg: missing pixels before the end are made up, as by Pillow", async () => {
  const decode = await jpegDecoder();
  const shortened = (whole: Uint8Array) => Uint8Array.of(...whole.slice(0, -30), 0xff, 0xd9);
  assertEquals(decode(shortened(await jpeg(false))).height, 24);
  const progressive = shortened(await jpeg(true));
  assertThrows(() => decode(progressive), Error, "premature end");
});

await needs(["read"], "jpeg: 12 bits are refused", async () => {
  const decode = await jpegDecoder();
  const deep = await jpeg(false);
  const frame = deep.findIndex((byte, i) => byte === 0xff && deep[i + 1] === 0xc0);
  deep[frame + 4] = 12;
  assertThrows(() => decode(deep), Error, "precision 12");
});
