import { assertEquals, assertThrows } from "@std/assert";
import encode, { init } from "@jsquash/jpeg/encode.js";
import { jpegDecoder, partialJpeg } from "../../../../datasets/images/formats/jpeg.ts";
import type { ByteImage } from "../../../../lib/data/bytes/byte_image.ts";
import { type ImagePart, jpegPartDecoder } from "../../../../lib/tensorflow/jpeg_decoder.ts";
import { openTensorflow, sharedTensorflow } from "../../../../lib/tensorflow/open_tensorflow.ts";
import { everything, needs } from "../../../support/needs.ts";

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

await needs(
  ["read"],
  "jpeg: stray bytes between the segments of the header are skipped",
  async () => {
    const decode = await jpegDecoder();
    const QUANTISATION = 0xdb;
    for (const progressive of [false, true]) {
      const whole = await jpeg(progressive);
      const at = whole.findIndex((byte, i) => byte === 0xff && whole[i + 1] === QUANTISATION);
      for (const stray of [[0], [0, 0], [0, 0, 0, 0], [0x12, 0xff, 0, 0x34]]) {
        const padded = Uint8Array.of(...whole.slice(0, at), ...stray, ...whole.slice(at));
        assertEquals(decode(padded).data, decode(whole).data, `${stray}`);
      }
    }
  },
);

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

/** Pixels without relation to their neighbours, so that a wrong one shows. */
const noise = (width: number, height: number) =>
  new ImageData(
    Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => (i * 7919 >> 2) % 251),
    width,
    height,
  );

/** A part of an image as a window of a larger part, or all of it, has it. */
function pixelsOf(
  part: ImagePart,
  { data, width, left = 0, top = 0 }: ByteImage & Partial<ImagePart>,
): number[] {
  return Array.from({ length: part.height }, (_, y) => {
    const start = ((part.top + y - top) * width + part.left - left) * 3;
    return [...data.subarray(start, start + 3 * part.width)];
  }).flat();
}

await needs(everything, "jpeg: TensorFlow's parts are the decoder's pixels", async () => {
  await openTensorflow();
  const decodePart = jpegPartDecoder(sharedTensorflow()!);
  const decode = await jpegDecoder();
  for (const subsampling of [1, 2]) {
    for (const [width, height] of [[53, 41], [16, 48], [7, 5], [1, 1]]) {
      const options = { progressive: false, auto_subsample: false, chroma_subsample: subsampling };
      const bytes = new Uint8Array(await encode(noise(width, height), options));
      const whole = decode(bytes);
      const lazy = partialJpeg(bytes, decodePart, () => {
        throw new Error("TensorFlow failed");
      })!;
      assertEquals([lazy.width, lazy.height], [width, height]);
      for (const share of [0, 0.2, 0.5, 1]) {
        const [left, top] = [width, height].map((side) => Math.floor(share * (side - 1) / 2));
        const part = { left, top, width: width - 2 * left, height: height - 2 * top };
        assertEquals(pixelsOf(part, lazy.part(part)), pixelsOf(part, whole));
      }
    }
  }
});

await needs(["read"], "jpeg: only a whole baseline file is decoded part by part", async () => {
  const decode = await jpegDecoder();
  const broken = () => {
    throw new Error("broken");
  };
  const baseline = await jpeg(false);
  for (const other of [await jpeg(true), baseline.slice(0, -20), baseline.slice(0, 100)]) {
    assertEquals(partialJpeg(other, broken, decode), undefined);
  }
  const part = { left: 3, top: 2, width: 9, height: 5 };
  const window = partialJpeg(baseline, broken, decode)!.part(part);
  assertEquals(pixelsOf(part, window), pixelsOf(part, decode(baseline)));
});
