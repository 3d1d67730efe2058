import { assertEquals, assertThrows } from "@std/assert";
import { decodeTiff } from "../../../../datasets/images/formats/tiff.ts";

/** Tags by their numbers. `undefined` leaves out one that is usual. */
type Tags = Readonly<Record<number, number | undefined>>;

/** A TIFF of one strip: its tags, all of one number, and its data right after the header. */
function tiff(tags: Tags, data: readonly number[]): Uint8Array {
  const all = Object.entries<number | undefined>(
    { 273: 8, 277: 3, 279: data.length, 258: 8, 262: 2, ...tags },
  ).flatMap(([tag, value]) => value === undefined ? [] : [[Number(tag), value]]);
  const entries = all.sort(([a], [b]) => a - b).flatMap(([tag, value]) => [
    ...[tag & 255, tag >> 8, 4, 0, 1, 0, 0, 0],
    ...[value & 255, value >> 8, 0, 0],
  ]);
  const header = [0x49, 0x49, 42, 0, 8 + data.length, 0, 0, 0];
  return Uint8Array.from([...header, ...data, all.length, 0, ...entries, 0, 0, 0, 0]);
}

/** A TIFF of two rows of two colour pixels, each row a strip of its own. */
function encodeStrips([first, second]: readonly (readonly number[])[]): Uint8Array {
  const lists = 8 + first.length + second.length;
  const word = (value: number) => [value & 255, value >> 8, 0, 0];
  const rows = [8, 8 + first.length, first.length, second.length].flatMap(word);
  const tags = [[256, 1, 2], [257, 1, 2], [258, 1, 8], [262, 1, 2], [273, 2, lists], [277, 1, 3]];
  const entries = [...tags, [278, 1, 1], [279, 2, lists + 8]].flatMap(([tag, count, value]) => [
    ...[tag & 255, tag >> 8, 4, 0],
    ...word(count),
    ...word(value),
  ]);
  const header = [0x49, 0x49, 42, 0, ...word(lists + rows.length)];
  return Uint8Array.from([...header, ...first, ...second, ...rows, 8, 0, ...entries, ...word(0)]);
}

const size = { 256: 2, 257: 1, 278: 1 };

Deno.test("tiff: colour, grey and the upper 8 of 16 bits", () => {
  const pixels = (
    tags: Tags,
    data: readonly number[],
  ) => [...decodeTiff(tiff({ ...size, ...tags }, data)).data];
  assertEquals(pixels({}, [1, 2, 3, 4, 5, 6]), [1, 2, 3, 4, 5, 6]);
  assertEquals(pixels({ 277: 4 }, [1, 2, 3, 9, 4, 5, 6, 9]), [1, 2, 3, 4, 5, 6]);
  assertEquals(pixels({ 262: 1, 277: 1 }, [7, 9]), [7, 7, 7, 9, 9, 9]);
  assertEquals(pixels({ 262: 0, 277: 1 }, [7, 9]), [248, 248, 248, 246, 246, 246]);
  assertEquals(pixels({ 262: 1, 277: 1, 258: 16 }, [1, 7, 2, 9]), [7, 7, 7, 9, 9, 9]);
  assertEquals(pixels({ 262: 1, 277: 1, 258: 1 }, [0b01000000]), [0, 0, 0, 255, 255, 255]);
});

Deno.test("tiff: several strips are one image", () => {
  const strips = encodeStrips([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]]);
  const { width, height, data } = decodeTiff(strips);
  assertEquals([width, height, [...data]], [2, 2, Array.from({ length: 12 }, (_, i) => i + 1)]);
});

Deno.test("tiff: other kinds and damaged files fail with the reason", () => {
  const assertFails = (tags: Tags, reason: string) =>
    assertThrows(() => decodeTiff(tiff({ ...size, ...tags }, [1, 2, 3, 4, 5, 6])), Error, reason);
  assertFails({ 259: 32773 }, "PackBits");
  assertFails({ 274: 6 }, "orientation 6, not upright,");
  assertFails({ 262: 5 }, "image type: 5");
  assertFails({ 284: 2 }, "planes");
  assertFails({ 322: 16, 323: 16, 324: 8, 325: 6 }, "tiles");
  assertFails({ 339: 2 }, "format 2");
  assertFails({ 273: undefined }, "where its pixels are");
  assertFails({ 258: undefined }, "how many bits");
  assertFails({ 278: 9, 257: 9 }, "");
  assertFails({ 256: 60_000, 257: 60_000 }, "its size does not fit its pixels");
});
