import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Failure } from "../../lib/values/failure.ts";
import { type Stream, stream } from "../../lib/values/random.ts";
import {
  type Contents,
  decode,
  encode,
  type Entry,
  toFloat32,
} from "../../lib/weights/safetensors.ts";

/**
 * One tensor of every type, of odd lengths, so that a careless order would leave some of them
 * unaligned.
 */
const everything = new Map<string, Entry>([
  ["bool", { dtype: "BOOL", shape: [3], data: Uint8Array.of(0, 1, 1) }],
  ["u8", { dtype: "U8", shape: [1, 5], data: Uint8Array.of(1, 2, 3, 4, 255) }],
  ["i8", { dtype: "I8", shape: [1], data: Int8Array.of(-128) }],
  ["u16", { dtype: "U16", shape: [1], data: Uint16Array.of(65535) }],
  ["i16", { dtype: "I16", shape: [1], data: Int16Array.of(-32768) }],
  ["f16", { dtype: "F16", shape: [3], data: Float16Array.of(0.5, -65504, Infinity) }],
  ["bf16", { dtype: "BF16", shape: [3], data: Uint16Array.of(0x3f80, 0xc000, 0x7f80) }],
  ["u32", { dtype: "U32", shape: [1], data: Uint32Array.of(2 ** 32 - 1) }],
  ["i32", { dtype: "I32", shape: [1], data: Int32Array.of(-(2 ** 31)) }],
  ["f32", { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, -0, NaN, 1e-45) }],
  ["u64", { dtype: "U64", shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) }],
  ["i64", { dtype: "I64", shape: [1], data: BigInt64Array.of(-(2n ** 63n)) }],
  ["f64", { dtype: "F64", shape: [1], data: Float64Array.of(Math.PI) }],
  ["scalar", { dtype: "F32", shape: [], data: Float32Array.of(7) }],
  ["empty", { dtype: "F32", shape: [0, 3], data: new Float32Array(0) }],
  ['block1/"é"\n', { dtype: "U8", shape: [1], data: Uint8Array.of(9) }],
]);

/** A file with this header, a string or JSON, and so many bytes of data. */
function file(header: unknown, size = 0): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + json.length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const tensor = (start: unknown, end: unknown, shape: unknown = [1], dtype: unknown = "F32") => ({
  dtype,
  shape,
  data_offsets: [start, end],
});

Deno.test("safetensors: every type, shape and name survives a round trip, in order, as a view of the file", () => {
  const metadata = { note: "two\nlines", "": "é" };
  const bytes = encode(everything, metadata);
  const read = decode(bytes, "x");
  assertEquals([...read.tensors], [...everything]);
  assertEquals(read.metadata, metadata);
  for (const { data } of read.tensors.values()) assert(data.buffer === bytes.buffer);
});

Deno.test("safetensors: the header fills a multiple of 8 bytes with spaces", () => {
  for (const name of ["a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh"]) {
    const bytes = encode(new Map([[name, { dtype: "U8", shape: [1], data: Uint8Array.of(1) }]]));
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    assertEquals(length % 8, 0);
    assertEquals(bytes.length, 8 + length + 1);
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    assertEquals(header.trimEnd(), `{"${name}":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`);
  }
});

Deno.test("safetensors: a file of another writer, unaligned and in another order, is read the same", () => {
  const bytes = file({
    __metadata__: { format: "pt" },
    b: tensor(1, 5),
    a: tensor(0, 1, [1], "U8"),
  }, 5);
  bytes.set(Uint8Array.of(7, 0, 0, 0x80, 0x3f), bytes.length - 5);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  for (const source of [bytes, shifted.subarray(1)]) {
    const { tensors, metadata } = decode(source, "x");
    assertEquals([...tensors.keys()], ["b", "a"]);
    assertEquals(tensors.get("b")!.data, Float32Array.of(1));
    assertEquals(tensors.get("a")!.data, Uint8Array.of(7));
    assertEquals(metadata, { format: "pt" });
  }
});

Deno.test("safetensors: a file without tensors is valid", () => {
  const { tensors, metadata } = decode(encode(new Map()), "x");
  assertEquals([tensors.size, metadata], [0, {}]);
});

Deno.test("safetensors: each contradiction in a file is a failure (exit 3) that names the file and the tensor", () => {
  const huge = file({});
  new DataView(huge.buffer).setBigUint64(0, 2n ** 64n - 1n, true);
  const lies: [Uint8Array<ArrayBuffer>, string][] = [
    [new Uint8Array(0), "it ends after 0 bytes"],
    [new Uint8Array(7), "it ends after 7 bytes"],
    [huge, "its header should have 18446744073709551615 bytes, but only 2 follow"],
    [file({}).subarray(0, 9), "its header should have 2 bytes, but only 1 follow"],
    [file("{"), "its header is not JSON"],
    [file(""), "its header is not JSON"],
    [file("[".repeat(100_000)), "its header is not JSON"],
    [file("[]"), "its header is not a JSON object"],
    [file("null"), "its header is not a JSON object"],
    [file('{"w":1}').fill(0xff, 10, 11), "its header is not JSON"],
    [file({ __metadata__: { a: 1 } }), "its __metadata__ is not a record of strings"],
    [file({ __metadata__: ["a"] }), "its __metadata__ is not a record of strings"],
    [file({ w: 3 }), 'its tensor "w" is not described by an object'],
    [file({ w: null }), 'its tensor "w" is not described by an object'],
    [file({ w: { shape: [1], data_offsets: [0, 4] } }, 4), 'its tensor "w" has no element type'],
    [file({ w: tensor(0, 1, [1], "F4") }, 1), "and type F4 needs 0.5 bytes"],
    [
      file({ w: tensor(0, 4, 1) }, 4),
      'its tensor "w" has a shape that is not a list of whole numbers',
    ],
    [file({ w: tensor(0, 4, [1.5]) }, 4), 'its tensor "w" has a shape that is not'],
    [file({ w: tensor(0, 4, [-1]) }, 4), 'its tensor "w" has a shape that is not'],
    [file({ w: tensor(0, 4, ["1"]) }, 4), 'its tensor "w" has a shape that is not'],
    [
      file('{"w":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}}', 4),
      'its tensor "w" has a shape that is not',
    ],
    [
      file('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,1e999]}}', 4),
      'its tensor "w" has offsets that are not',
    ],
    [file({ w: tensor(0, "4") }, 4), 'its tensor "w" has offsets that are not two whole numbers'],
    [
      file({ w: { dtype: "F32", shape: [1], data_offsets: [0, 2, 4] } }, 4),
      'its tensor "w" has offsets that are not',
    ],
    [
      file({ w: tensor(0, 4, [2]) }, 4),
      'its tensor "w" of shape [2] and type F32 needs 8 bytes, but has the offsets 0 to 4',
    ],
    [
      file({ w: tensor(4, 0) }, 4),
      'its tensor "w" of shape [1] and type F32 needs 4 bytes, but has the offsets 4 to 0',
    ],
    [
      file({ w: tensor(0, 4, [2 ** 52, 2 ** 52]) }, 4),
      'its tensor "w" of shape [4503599627370496,4503599627370496]',
    ],
    [file({ w: tensor(0, 0, [...Array(64).fill(2 ** 52), 0]) }), 'its tensor "w" of shape'],
    [
      file({ w: tensor(0, 2 ** 50, [2 ** 48]) }, 4),
      'its tensor "w" should end at byte 1125899906842624 of the data',
    ],
    [file({ a: tensor(0, 4), b: tensor(0, 4) }, 4), 'its tensor "b" overlaps the one before it'],
    [file({ a: tensor(0, 4), b: tensor(2, 6) }, 6), 'its tensor "b" overlaps the one before it'],
    [
      file({ a: tensor(0, 4), b: tensor(8, 12) }, 12),
      'it has 4 unused bytes before its tensor "b"',
    ],
    [file({ a: tensor(4, 8) }, 8), 'it has 4 unused bytes before its tensor "a"'],
    [file({ a: tensor(0, 4) }, 5), "it has 1 unused bytes at its end"],
    [
      file(`{"a":${JSON.stringify(tensor(0, 4))},"a":${JSON.stringify(tensor(0, 4))}}`, 4),
      'its header has "a" twice',
    ],
  ];
  for (const [bytes, message] of lies) {
    const failure = assertThrows(() => decode(bytes, "runs/w.safetensors"), Failure, message);
    assertStringIncludes(failure.message, "runs/w.safetensors is damaged: ");
    assertEquals(failure.exit, 3);
  }
});

Deno.test("safetensors: a sound file of another type is refused by the type, not called damaged", () => {
  for (const dtype of ["C64", "F6_E2M3", "F9", "toString"]) {
    const bytes = file({ v: tensor(0, 4), w: tensor(4, 12, [1], dtype) }, 12);
    const { message, exit } = assertThrows(() => decode(bytes, "w.safetensors"), Failure);
    assertStringIncludes(message, `its tensor w has elements of the type ${dtype}, which is not`);
    assertEquals([exit, message.includes("damaged")], [3, false]);
  }
});

Deno.test("safetensors: floats of 8 and 4 bits are widened", () => {
  const bytes = file({
    a: tensor(0, 3, [3], "F8_E4M3"),
    b: tensor(3, 5, [2, 1], "F8_E5M2"),
    c: tensor(5, 7, [4], "F4"),
  }, 7);
  bytes.set([0x38, 0xb8, 0x01, 0x3c, 0xfc, 0x21, 0xf7], bytes.length - 7);
  assertEquals([...decode(bytes, "w").tensors], [
    ["a", { dtype: "F32", shape: [3], data: Float32Array.of(1, -1, 2 ** -9) }],
    ["b", { dtype: "F32", shape: [2, 1], data: Float32Array.of(1, -Infinity) }],
    ["c", { dtype: "F32", shape: [4], data: Float32Array.of(0.5, 1, 6, -6) }],
  ]);
});

/** Asserts that these contents have each byte of the file's data exactly once. */
function assertComplete({ tensors }: Contents, bytes: Uint8Array): void {
  const header = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  let size = 0;
  for (const { shape, data } of tensors.values()) {
    assertEquals(data.length, shape.reduce((product, side) => product * side, 1));
    size += data.byteLength;
  }
  assertEquals(size, bytes.length - 8 - header);
}

/** Changes, cuts off, inserts or removes bytes at one to three places. */
function mutate(
  bytes: Uint8Array<ArrayBuffer>,
  header: number,
  random: Stream,
): Uint8Array<ArrayBuffer> {
  const changed = [...bytes];
  for (let n = 1 + random.below(3); n > 0; n--) {
    const at = random.below(Math.min(header, changed.length));
    const kind = random.below(8);
    const digit = 0x30 + random.below(10);
    if (kind < 3) changed[at] = random.below(256);
    else if (kind === 3) changed[at] ^= 1 << random.below(8);
    else if (kind === 4) changed.splice(at, 1 + random.below(8));
    else if (kind === 5) changed.splice(at, 0, digit);
    else if (kind === 6) changed.length = random.below(changed.length) + 1;
    else if (changed[at] >= 0x30 && changed[at] < 0x3a) changed[at] = digit;
  }
  return Uint8Array.from(changed);
}

Deno.test("safetensors: a mutated file is a failure or a whole file, never another error", () => {
  const random = stream(1, "safetensors");
  const bytes = encode(everything, { note: "x" });
  const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  let refused = 0;
  for (let n = 0; n < 1000; n++) {
    const mutation = mutate(bytes, header, random);
    try {
      assertComplete(decode(mutation, "x"), mutation);
    } catch (error) {
      assert(error instanceof Failure && error.exit === 3, String(error));
      refused++;
    }
  }
  assert(refused > 700 && refused < 1000, `${refused} refused`);
});

Deno.test("safetensors: a file cut off anywhere is a failure", () => {
  const bytes = encode(new Map([...everything].slice(0, 6)));
  for (let length = 0; length < bytes.length; length++) {
    assertThrows(() => decode(bytes.slice(0, length), "x"), Failure);
  }
});

Deno.test("safetensors: a header that is too long for its file is neither written nor read", () => {
  const long = "x".repeat(2 ** 21);
  assertThrows(
    () => decode(file({ __metadata__: { long } }), "x"),
    Failure,
    "its header has 2097180 bytes, more than",
  );
  assertThrows(() => encode(new Map(), { long }), RangeError, "a header of");
});

Deno.test("safetensors: random tensors survive a round trip", () => {
  const random = stream(2, "safetensors");
  const entries = [...everything.values()];
  for (let n = 0; n < 100; n++) {
    const tensors = new Map<string, Entry>();
    for (let i = random.below(6); i > 0; i--) {
      const { dtype, data } = entries[random.below(entries.length)];
      const shape = Array.from({ length: random.below(4) }, () => random.below(4));
      const filled = new (data.constructor as new (length: number) => Entry["data"])(
        shape.reduce((product, side) => product * side, 1),
      );
      const raw = new Uint8Array(filled.buffer);
      for (let j = 0; j < raw.length; j++) raw[j] = random.below(128);
      tensors.set(`layer${random.below(100)}/${i}`, { dtype, shape, data: filled } as Entry);
    }
    assertEquals([...decode(encode(tensors), "x").tensors], [...tensors]);
  }
});

Deno.test("safetensors: an invalid entry is not written", () => {
  const data = Float32Array.of(1);
  assertThrows(
    () => encode(new Map([["w", { dtype: "F32", shape: [2], data }]])),
    RangeError,
    '"w"',
  );
  assertThrows(
    () => encode(new Map([["w", { dtype: "I32", shape: [1], data } as unknown as Entry]])),
    RangeError,
    "I32",
  );
  assertThrows(
    () => encode(new Map([["__metadata__", { dtype: "F32", shape: [1], data }]])),
    RangeError,
  );
});

Deno.test("toFloat32: converts every type, and returns an F32's own array", () => {
  const converted = (name: string) => [...toFloat32(everything.get(name)!)];
  assertEquals(converted("f16"), [0.5, -65504, Infinity]);
  assertEquals(converted("bf16"), [1, -2, Infinity]);
  assertEquals(converted("f64"), [Math.fround(Math.PI)]);
  assertEquals(converted("i64"), [-(2 ** 63)]);
  assertEquals(converted("u8"), [1, 2, 3, 4, 255]);
  const f32 = everything.get("f32")!;
  assert(toFloat32(f32) === f32.data);
});
