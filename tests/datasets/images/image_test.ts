import { assertEquals, assertThrows } from "@std/assert";
import encodeJpeg from "@jsquash/jpeg/encode.js";
import { encode as encodePng } from "fast-png";
import { cutOut } from "../../../datasets/images/cut.ts";
import type { ByteImage } from "../../../lib/data/bytes/byte_image.ts";
import { imageDecoder } from "../../../datasets/images/image.ts";
import { needs } from "../../support/needs.ts";

/** An image with slow changes of colour, which JPEG hardly changes. */
const smooth: ByteImage = {
  width: 24,
  height: 16,
  data: Uint8Array.from({ length: 24 * 16 * 3 }, (_, i) => {
    const x = Math.floor(i / 3) % 24;
    const y = Math.floor(i / 72);
    return [40 + 7 * x, 200 - 8 * y, 60 + 3 * x + 4 * y][i % 3];
  }),
};

const jpegOf = async ({ width, height, data }: ByteImage): Promise<Uint8Array> => {
  const rgba = Uint8ClampedArray.from(
    { length: width * height * 4 },
    (_, i) => i % 4 === 3 ? 255 : data[Math.floor(i / 4) * 3 + i % 4],
  );
  return new Uint8Array(await encodeJpeg(new ImageData(rgba, width, height), { quality: 98 }));
};

await needs(["read"], "image: a JPEG is decoded to RGB", async () => {
  const image = (await imageDecoder())(await jpegOf(smooth));
  assertEquals([image.width, image.height, image.data.length], [24, 16, 24 * 16 * 3]);
  const error = image.data.reduce(
    (worst, value, i) => Math.max(worst, Math.abs(value - smooth.data[i])),
    0,
  );
  assertEquals(error <= 6, true, `${error}`);
});

await needs(
  ["read"],
  "image: a broken JPEG fails with libjpeg's reason, and the next one is decoded",
  async () => {
    const decode = await imageDecoder();
    const jpeg = await jpegOf(smooth);
    assertThrows(() => decode(jpeg.slice(0, 60)), Error);
    assertThrows(() => decode(jpeg.slice(0, jpeg.length - 40)), Error, "cut off");
    const damaged = jpeg.slice();
    damaged.fill(0xff, 25, 90);
    assertThrows(() => decode(damaged), Error);
    assertEquals(decode(jpeg).width, 24);
  },
);

/**
 * A baseline JPEG of four channels, with one colour per block of 8 × 8 pixels. Channels are
 * inverted as by Photoshop. With `transform` 0 they are stored directly, with 2 the first three are
 * stored as luminance and chrominance.
 */
function inkJpeg(blocks: readonly (readonly number[])[], transform: 0 | 2): Uint8Array {
  const segment = (
    marker: number,
    ...bytes: number[]
  ) => [0xff, marker, 0, bytes.length + 2, ...bytes];
  const channels = [1, 2, 3, 4];
  const before = [0, 0, 0, 0];
  const counts = (length: number, count: number) => (
    Array.from({ length: 16 }, (_, i) => i + 1 === length ? count : 0)
  );
  let bits = "";
  for (const block of blocks) {
    block.forEach((value, c) => {
      // Only the DC coefficient: the number of bits and the difference from the block before, then
      // the end of the block.
      const level = value - 128;
      const difference = level - before[c];
      const size = Math.abs(difference).toString(2).length;
      before[c] = level;
      const length = difference === 0 ? 0 : size;
      const code = difference < 0 ? difference + 2 ** length - 1 : difference;
      bits += length.toString(2).padStart(4, "0") +
        (length ? code.toString(2).padStart(length, "0") : "") + "0";
    });
  }
  const data = (bits.padEnd(Math.ceil(bits.length / 8) * 8, "1").match(/.{8}/g) ?? []).flatMap((
    byte,
  ) => byte === "11111111" ? [255, 0] : [parseInt(byte, 2)]);
  return Uint8Array.from([
    ...[0xff, 0xd8],
    ...segment(0xee, ...new TextEncoder().encode("Adobe"), 0, 100, 0, 0, 0, 0, transform),
    ...segment(0xdb, 0, ...Array<number>(64).fill(8)),
    ...segment(
      0xc0,
      8,
      0,
      8,
      0,
      8 * blocks.length,
      4,
      ...channels.flatMap((channel) => [channel, 0x11, 0]),
    ),
    ...segment(0xc4, 0x00, ...counts(4, 10), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    ...segment(0xc4, 0x10, ...counts(1, 1), 0),
    ...segment(0xda, 4, ...channels.flatMap((channel) => [channel, 0]), 0, 63, 0),
    ...data,
    ...[0xff, 0xd9],
  ]);
}

await needs(["read"], "image: a CMYK JPEG is decoded to RGB", async () => {
  const decode = await imageDecoder();
  const near = ({ width, height, data }: ByteImage, colours: readonly (readonly number[])[]) => {
    assertEquals([width, height, data.length], [8 * colours.length, 8, 8 * 8 * 3 * colours.length]);
    data.forEach((value, i) => {
      const expected = colours[Math.floor(i / 24) % colours.length][i % 3];
      assertEquals(Math.abs(value - expected) <= 1, true, `${i}: ${value}, not ${expected}`);
    });
  };
  // Inverted ink is light, so a channel is multiplied by the inverted black.
  const inks = [[255, 255, 255, 255], [200, 100, 50, 255], [200, 100, 50, 128], [10, 20, 30, 0]];
  near(
    decode(inkJpeg(inks, 0)),
    inks.map(([c, m, y, k]) => [c, m, y].map((light) => light * k / 255)),
  );
  // With luminance and chrominance, the channels are inverted once more.
  near(decode(inkJpeg([[180, 128, 128, 255], [180, 128, 128, 51]], 2)), [[75, 75, 75], [
    15,
    15,
    15,
  ]]);
  const broken = inkJpeg(inks, 0);
  assertThrows(() => decode(broken.slice(0, 150)), Error);
  assertEquals(decode(await jpegOf(smooth)).width, 24);
});

await needs(["read"], "image: a file of another format fails", async () => {
  const decode = await imageDecoder();
  for (const bytes of [Uint8Array.of(0xff), new TextEncoder().encode("GIF89a…")]) {
    assertThrows(() => decode(bytes), Error, "none of the formats JPEG, PNG, WebP");
  }
  assertThrows(() => decode(new Uint8Array()), Error, "it is empty");
});

await needs(["read"], "image: a PNG of any colour type is decoded to RGB", async () => {
  const decode = await imageDecoder();
  const pixels = (
    data: Uint8Array | Uint16Array,
    width: number,
    height: number,
    channels: number,
    depth: 1 | 2 | 4 | 8 | 16 = 8,
  ) => [...decode(encodePng({ data, width, height, channels, depth })).data];
  assertEquals(pixels(Uint8Array.of(1, 2, 3, 4, 5, 6), 2, 1, 3), [1, 2, 3, 4, 5, 6]);
  assertEquals(pixels(Uint8Array.of(1, 2, 3, 0, 4, 5, 6, 128), 1, 2, 4), [1, 2, 3, 4, 5, 6]);
  assertEquals(pixels(Uint8Array.of(7, 9), 2, 1, 1), [7, 7, 7, 9, 9, 9]);
  assertEquals(pixels(Uint8Array.of(7, 0, 9, 255), 1, 2, 2), [7, 7, 7, 9, 9, 9]);
  assertEquals(pixels(Uint16Array.of(0x1234, 0xffff), 2, 1, 1, 16), [
    0x12,
    0x12,
    0x12,
    255,
    255,
    255,
  ]);
  // Rows are padded to whole bytes: 3 pixels of 1, 2 and 4 bits.
  const grey = (...bytes: number[]) => (depth: 1 | 2 | 4) =>
    pixels(Uint8Array.from(bytes), 3, 2, 1, depth).filter((_, i) => i % 3 === 0);
  assertEquals(grey(0b10100000, 0b01000000)(1), [255, 0, 255, 0, 255, 0]);
  assertEquals(grey(0b00011000, 0b11000000)(2), [0, 85, 170, 255, 0, 0]);
  assertEquals(grey(0x0f, 0x10, 0x23, 0x40)(4), [0, 255, 17, 34, 51, 68]);
});

await needs(
  ["read"],
  "image: a PNG with a palette has its colours, transparent or not",
  async () => {
    const decode = await imageDecoder();
    const palette: [number, number, number][] = [[1, 2, 3], [4, 5, 6], [7, 8, 9]];
    const image = {
      data: Uint8Array.of(0b01001000, 0b10010000),
      width: 3,
      height: 2,
      channels: 1,
      depth: 2 as const,
    };
    const expected = [4, 5, 6, 1, 2, 3, 7, 8, 9, 7, 8, 9, 4, 5, 6, 1, 2, 3];
    assertEquals([...decode(encodePng({ ...image, palette })).data], expected);
    const clear = palette.map(([r, g, b], i) =>
      [r, g, b, i * 100] as [number, number, number, number]
    );
    assertEquals([...decode(encodePng({ ...image, palette: clear })).data], expected);
    // What the palette lacks is black, as Pillow has it.
    const short = decode(encodePng({ ...image, palette: palette.slice(0, 2) })).data;
    assertEquals([...short], expected.map((value) => value > 6 ? 0 : value));
  },
);

await needs(["read"], "image: a broken PNG fails", async () => {
  const decode = await imageDecoder();
  const png = encodePng({ ...smooth, channels: 3 });
  assertThrows(() => decode(png.slice(0, png.length - 40)), Error);
  assertThrows(() => decode(png.slice(0, 8)), Error);
  const damaged = png.slice();
  damaged[Math.floor(png.length / 2)] ^= 0xff;
  assertThrows(() => decode(damaged), Error);
});

const width = 10;
const height = 7;
const pattern: ByteImage = {
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const c = i % 3;
    const x = Math.floor(i / 3) % width;
    const y = Math.floor(i / 3 / width);
    return x * 23 + y * 31 + c * 57 + x * y * 7;
  }),
};

Deno.test("square: cuts and scales like Pillow's bilinear filter", () => {
  // Image.fromarray(pattern[:, 1:8]).resize((size, size), Image.BILINEAR), the green channel
  const pillow: Record<number, number[]> = {
    3: [138, 154, 120, 155, 107, 134, 90, 163, 125],
    // deno-fmt-ignore
    7: [80, 103, 126, 149, 172, 195, 218, 118, 148, 178, 208, 238, 12, 42, 156, 193, 230, 11, 48, 85, 122, 194, 238, 26, 70,
      114, 158, 202, 232, 27, 78, 129, 180, 231, 26, 14, 72, 130, 188, 246, 48, 106, 52, 117, 182, 247, 56, 121, 186],
    // deno-fmt-ignore
    11: [80, 90, 105, 120, 134, 149, 164, 178, 193, 208, 218, 97, 109, 126, 143, 159, 176, 193, 177, 120, 126, 138, 121, 136,
      155, 175, 185, 190, 210, 165, 37, 35, 49, 146, 162, 184, 206, 161, 65, 87, 90, 69, 84, 100],
  };
  for (const [size, expected] of Object.entries(pillow)) {
    const out = cutOut(pattern, { kind: "square", size: Number(size) });
    assertEquals(out.length, Number(size) ** 2 * 3);
    expected.forEach((value, i) =>
      assertEquals(Math.abs(out[3 * i + 1] - value) <= 1, true, `${size}: ${i}`)
    );
  }
});

Deno.test("square: an image of the right size and an image of one colour do not change", () => {
  const small: ByteImage = {
    width: 2,
    height: 2,
    data: Uint8Array.from({ length: 12 }, (_, i) => i),
  };
  assertEquals(cutOut(small, { kind: "square", size: 2 }), small.data);
  const grey: ByteImage = { width: 37, height: 50, data: new Uint8Array(37 * 50 * 3).fill(201) };
  for (const size of [1, 5, 36, 64]) {
    assertEquals(new Set(cutOut(grey, { kind: "square", size })), new Set([201]));
  }
});
