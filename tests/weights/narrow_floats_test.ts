import { assertEquals } from "@std/assert";
import { widen } from "../../lib/weights/narrow_floats.ts";

const row = (...codes: number[]) => Uint8Array.from(codes);

Deno.test("narrow floats: smallest, largest and special numbers of every type", () => {
  assertEquals(
    [...widen("F8_E4M3", row(0, 0x80, 1, 8, 0x38, 0x7e, 0xfe, 0x7f, 0xff))],
    [0, -0, 2 ** -9, 2 ** -6, 1, 448, -448, NaN, NaN],
  );
  assertEquals(
    [...widen("F8_E5M2", row(0, 1, 4, 0x3c, 0x7b, 0x7c, 0xfc, 0x7d, 0xff))],
    [0, 2 ** -16, 2 ** -14, 1, 57344, Infinity, -Infinity, NaN, NaN],
  );
  assertEquals(
    [...widen("F8_E4M3FNUZ", row(0, 1, 0x40, 0x7f, 0xff, 0x80))],
    [0, 2 ** -10, 1, 240, -240, NaN],
  );
  assertEquals(
    [...widen("F8_E5M2FNUZ", row(0, 1, 0x40, 0x7f, 0xff, 0x80))],
    [0, 2 ** -17, 1, 57344, -57344, NaN],
  );
  assertEquals([...widen("F8_E8M0", row(0, 127, 254, 255))], [2 ** -127, 1, 2 ** 127, NaN]);
});

Deno.test("narrow floats: two of 4 bits share a byte, the lower half first", () => {
  const codes = row(0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe);
  const positive = [0, 0.5, 1, 1.5, 2, 3, 4, 6];
  assertEquals([...widen("F4", codes)], [...positive, ...positive.map((number) => -number)]);
});
