import { assertEquals, assertThrows } from "@std/assert";
import { decodeBmp } from "../../../../datasets/images/formats/bmp.ts";

interface Bmp {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly compression?: number;
  /** What stands between the header and the pixels: a palette or masks. */
  readonly table?: readonly number[];
  readonly rows: readonly (readonly number[])[];
}

function bmp({ width, height, bits, compression = 0, table = [], rows }: Bmp): Uint8Array {
  const header = new DataView(new ArrayBuffer(54));
  header.setUint16(0, 0x4d42, true);
  header.setUint32(10, 54 + table.length, true);
  header.setUint32(14, 40, true);
  header.setInt32(18, width, true);
  header.setInt32(22, height, true);
  header.setUint16(28, bits, true);
  header.setUint32(30, compression, true);
  const padded = rows.flatMap((row) => [...row, ...new Uint8Array((4 - row.length % 4) % 4)]);
  return Uint8Array.of(...new Uint8Array(header.buffer), ...table, ...padded);
}

const pixels = (image: Bmp) => [...decodeBmp(bmp(image)).data];

Deno.test("bmp: rows from the bottom or the top, with blue first", () => {
  const rows = [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]];
  const image = { width: 2, height: 2, bits: 24, rows };
  assertEquals(pixels(image), [9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4]);
  assertEquals(pixels({ ...image, height: -2 }), [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]);
  const wide = [[1, 2, 3, 0, 4, 5, 6, 255]];
  assertEquals(pixels({ width: 2, height: 1, bits: 32, rows: wide }), [3, 2, 1, 6, 5, 4]);
});

Deno.test("bmp: palettes of 1, 4 and 8 bits, and black for what they lack", () => {
  const table = [1, 2, 3, 0, 4, 5, 6, 0];
  const expected = [6, 5, 4, 3, 2, 1, 6, 5, 4];
  assertEquals(pixels({ width: 3, height: 1, bits: 1, table, rows: [[0b10100000]] }), expected);
  assertEquals(pixels({ width: 3, height: 1, bits: 4, table, rows: [[0x10, 0x10]] }), expected);
  assertEquals(pixels({ width: 3, height: 1, bits: 8, table, rows: [[1, 0, 1]] }), expected);
  assertEquals(pixels({ width: 1, height: 1, bits: 8, table, rows: [[7]] }), [0, 0, 0]);
});

Deno.test("bmp: 16 bits and masks are scaled to 0 … 255", () => {
  const rows = [[0b00100001, 0b01111100]];
  // Red 31, green 1, blue 1 of 31; with 6 bits of green: 15, 33 of 63, 1.
  assertEquals(pixels({ width: 1, height: 1, bits: 16, rows }), [255, 8, 8]);
  const table = [0, 0xf8, 0, 0, 0xe0, 7, 0, 0, 0x1f, 0, 0, 0];
  const masked = { width: 1, height: 1, bits: 16, compression: 3, table, rows };
  assertEquals(pixels(masked), [123, 133, 8]);
  const reversed = [0xff, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0xff, 0];
  assertEquals(
    pixels({ ...masked, bits: 32, table: reversed, rows: [[1, 2, 3, 4]] }),
    [1, 2, 3],
  );
});

Deno.test("bmp: compressed and incomplete files fail with the reason", () => {
  const image = { width: 2, height: 2, bits: 24, rows: [[1, 2, 3, 4, 5, 6], [7, 8, 9, 1, 2, 3]] };
  const file = bmp(image);
  assertEquals(decodeBmp(file.slice(0, -2)).height, 2);
  assertThrows(() => decodeBmp(file.slice(0, -3)), Error, "end early");
  assertThrows(() => decodeBmp(file.slice(0, 30)), Error, "header ends early");
  assertThrows(() => decodeBmp(bmp({ ...image, width: 0 })), Error, "end early");
  assertThrows(() => decodeBmp(bmp({ ...image, bits: 8, compression: 1 })), Error, "compression 1");
});
