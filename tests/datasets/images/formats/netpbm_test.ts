import { assertEquals, assertThrows } from "@std/assert";
import { decodeNetpbm } from "../../../../datasets/images/formats/netpbm.ts";

const file = (header: string, ...bytes: number[]) =>
  Uint8Array.of(...new TextEncoder().encode(header), ...bytes);
const pixels = (
  header: string,
  ...bytes: number[]
) => [...decodeNetpbm(file(header, ...bytes)).data];

Deno.test("netpbm: grey and colour, binary and as text", () => {
  const expected = [1, 2, 3, 4, 5, 6];
  assertEquals(pixels("P6\n2 1\n255\n", ...expected), expected);
  assertEquals(pixels("P3 # text\n2 1 # size\n255\n1 2 3\n4 5 6\n"), expected);
  assertEquals(pixels("P5\r\n1 2\r\n255\n", 10, 35, 99), [10, 10, 10, 35, 35, 35]);
  assertEquals(pixels("P2\n1 2\n255\n10 35"), [10, 10, 10, 35, 35, 35]);
});

Deno.test("netpbm: values are scaled by their largest, halves to even as by Pillow", () => {
  const grey = (...values: number[]) => values.flatMap((value) => [value, value, value]);
  assertEquals(pixels("P5 4 1 100\n", 10, 30, 64, 200), grey(26, 76, 163, 255));
  assertEquals(pixels("P5 2 1 65535\n", 0xff, 0xff, 0x80, 0), grey(255, 128));
});

Deno.test("netpbm: damaged and incomplete files fail with the reason", () => {
  assertThrows(() => pixels("P6 2 1 255\n", 1, 2, 3), Error, "end early");
  assertThrows(() => pixels("P5 2 1 0\n", 1, 2), Error, "out of range");
  assertThrows(() => pixels("P5 2 x 1\n", 1, 2), Error, "header is damaged");
  assertThrows(() => pixels(`P5${" ".repeat(1000)}x`, 1, 2), Error, "header is damaged");
});
