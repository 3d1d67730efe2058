import { assertEquals, assertThrows } from "@std/assert";
import { crc32, deflateSync } from "node:zlib";
import { pngDecoder } from "../../../../datasets/images/formats/png.ts";
import { needs } from "../../../support/needs.ts";

/** The first column and row, and the steps, of Adam7's passes. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** Channels by colour type: grey, colour, palette, grey with alpha, colour with alpha. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

interface Kind {
  readonly type: number;
  readonly depth: number;
  readonly isInterlaced: boolean;
}

const text = (value: string) => [...new TextEncoder().encode(value)];
const uint32 = (value: number) => [value >>> 24, value >> 16 & 255, value >> 8 & 255, value & 255];

function chunk(type: string, data: ArrayLike<number>): number[] {
  const body = [...text(type), ...Array.from(data)];
  return [...uint32(data.length), ...body, ...uint32(crc32(Uint8Array.from(body)))];
}

/** A sample of the picture that all these tests draw. */
const sampleAt = (x: number, y: number, c: number, depth: number) =>
  (x * 7919 + y * 104_729 + c * 31_337 + (x * y >> 1)) % 2 ** depth;

/** The pixel data of the picture, unfiltered. */
function pixels(width: number, height: number, { type, depth, isInterlaced }: Kind): Uint8Array {
  const bytes: number[] = [];
  for (const [left, top, right, down] of isInterlaced ? ADAM7 : [[0, 0, 1, 1]]) {
    if (left >= width) continue;
    for (let y = top; y < height; y += down) {
      let bits = "";
      for (let x = left; x < width; x += right) {
        for (let c = 0; c < CHANNELS[type]; c++) {
          bits += sampleAt(x, y, c, depth).toString(2).padStart(depth, "0");
        }
      }
      const row = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0").match(/.{8}/g)!;
      bytes.push(0, ...row.map((byte) => parseInt(byte, 2)));
    }
  }
  return Uint8Array.from(bytes);
}

/** A palette with fewer colours than the depth has numbers. */
const palette = (depth: number) =>
  Array.from({ length: 2 ** depth - 1 }, (_, i) => [i, 255 - i, 99]);

/** The parts of a PNG file, in order. */
function parts(width: number, height: number, kind: Kind): Record<string, number[]> {
  const header = [...uint32(width), ...uint32(height), kind.depth, kind.type, 0, 0];
  return {
    signature: [0x89, ...text("PNG\r\n"), 0x1a, 0x0a],
    header: chunk("IHDR", [...header, kind.isInterlaced ? 1 : 0]),
    palette: kind.type === 3 ? chunk("PLTE", palette(kind.depth).flat()) : [],
    data: chunk("IDAT", deflateSync(pixels(width, height, kind))),
    end: chunk("IEND", []),
  };
}

const fileOf = (all: Record<string, number[]>) => Uint8Array.from(Object.values(all).flat());

/** What Pillow's `convert("RGB")` makes of the picture; of 16 bits of grey, their upper 8. */
function expected(width: number, height: number, { type, depth }: Kind): number[] {
  const to8 = (value: number) => depth === 16 ? value >> 8 : value * 255 / (2 ** depth - 1);
  return Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (type === 3) return palette(depth)[sampleAt(x, y, 0, depth)] ?? [0, 0, 0];
    return [0, 1, 2].map((c) => to8(sampleAt(x, y, CHANNELS[type] < 3 ? 0 : c, depth)));
  }).flat();
}

const plain: Kind = { type: 2, depth: 8, isInterlaced: false };

await needs(["read"], "png: every colour type and depth, interlaced or not", () => {
  const decode = pngDecoder();
  const depths = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };
  for (const [type, all] of Object.entries(depths)) {
    for (const depth of all) {
      for (const isInterlaced of [false, true]) {
        for (const [width, height] of [[1, 1], [5, 3], [33, 17]]) {
          const kind = { type: Number(type), depth, isInterlaced };
          const image = decode(fileOf(parts(width, height, kind)));
          const name = JSON.stringify({ ...kind, width });
          assertEquals([image.width, image.height], [width, height], name);
          assertEquals([...image.data], expected(width, height, kind), name);
        }
      }
    }
  }
});

await needs(["read"], "png: faults outside the pixels are passed over, as by Pillow", () => {
  const decode = pngDecoder();
  const { signature, header, data, end } = parts(9, 7, plain);
  const { palette } = parts(9, 7, { ...plain, type: 3, depth: 2 });
  const around = (before: number[], after = end) =>
    fileOf({ signature, header, before, data, after });
  for (
    const file of [
      around(chunk("iCCP", text("x\0\0no profile"))),
      around(chunk("tEXt", text("no separator"))),
      around(chunk("gAMA", uint32(100_000))),
      around(chunk("tRNS", [0, 1, 0, 2, 0, 3])),
      around(chunk("ABCd", [1])),
      around(palette),
      around([], []),
      around([], end.slice(0, 5)),
      around([], [...end, ...text("what follows")]),
    ]
  ) assertEquals([...decode(file).data], expected(9, 7, plain));
});

await needs(["read"], "png: damaged or incomplete pixels fail with the reason", () => {
  const decode = pngDecoder();
  const all = parts(9, 7, plain);
  const whole = fileOf(all);
  const assertFails = (bytes: Uint8Array, reason: string) =>
    assertThrows(() => decode(bytes), Error, reason);
  for (const length of [20, 60, whole.length - 20]) assertFails(whole.slice(0, length), "");
  assertFails(whole.slice(0, whole.length - 20), "cut off");
  const damaged = whole.slice();
  damaged[whole.length - 30] ^= 1;
  assertFails(damaged, "the checksum of its part IDAT is wrong");
  const short = chunk("IDAT", deflateSync(pixels(9, 7, plain).slice(0, -9)));
  assertFails(fileOf({ ...all, data: short }), "damaged or end early");
  assertEquals([...decode(whole).data], expected(9, 7, plain));
});
