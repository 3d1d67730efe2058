/**
 * Thousands of mutated files of each format. Each is read or throws one `Failure` (exit 3), and the
 * bytes read are bounded.
 */
import { assert } from "@std/assert";
import fc from "fast-check";
import { Failure } from "../../lib/values/failure.ts";
import { encode, type Entry } from "../../lib/weights/safetensors.ts";
import type { ByteSource } from "../../lib/files/byte_source.ts";
import { type DecodedWeights, decodeWeights } from "../../lib/weights/weights_file.ts";
import { memorySource } from "../support/memory_source.ts";
import { byteValue, mutationOf } from "../support/mutations.ts";
import {
  call,
  type Code,
  code,
  dict,
  float,
  floats,
  int,
  legacyFile,
  list,
  named,
  numpyArray,
  numpyScalar,
  storage,
  tensor,
  text,
  tuple,
  zipFile,
} from "../support/torch_file.ts";
import { tar } from "../support/tar_archive.ts";
import { tarLayout } from "../support/tar_layout.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A checkpoint with every kind of value. */
const checkpoint: Code = dict({
  model: code(
    call("collections", "OrderedDict"),
    "(",
    text("module.conv.weight"),
    tensor(storage("0", 12), [2, 3, 2]),
    text("module.fc.weight"),
    tensor(storage("0", 12), [3, 2], { strides: [1, 3], offset: 2 }),
    text("module.half"),
    tensor(storage("1", 3, "HalfStorage"), [3]),
    text("module.count"),
    call(
      "torch._utils",
      "_rebuild_parameter",
      tensor(storage("2", 2, "LongStorage"), [2]),
      code("\x88"),
      code("N"),
    ),
    text("module.float8"),
    call(
      "torch._utils",
      "_rebuild_tensor_v3",
      storage("4", 6, "UntypedStorage"),
      int(0),
      tuple(int(2), int(3)),
      tuple(int(3), int(1)),
      code("\x89"),
      code("N"),
      named("torch", "float8_e4m3fn"),
    ),
    text("module.quantised"),
    call(
      "torch._utils",
      "_rebuild_qtensor",
      storage("4", 6, "QInt8Storage"),
      int(0),
      tuple(int(6)),
      tuple(int(1)),
      tuple(named("torch", "per_tensor_affine"), float(0.1), int(3)),
    ),
    text("module.sparse"),
    call(
      "torch._utils",
      "_rebuild_sparse_tensor",
      call("torch.serialization", "_get_layout", text("torch.sparse_coo")),
      tuple(
        tensor(storage("2", 2, "LongStorage"), [1, 2]),
        tensor(storage("0", 12), [2, 2]),
        tuple(int(3), int(2)),
      ),
    ),
    text("module.array"),
    numpyArray("f4", [2, 3], floats(1, 2, 3, 4, 5, 6), { isFortran: true }),
    "u",
    dict({ _metadata: call("collections", "OrderedDict") }),
    "b",
  ),
  epoch: int(3),
  best_acc: tensor(storage("3", 1), []),
  lr: float(0.1),
  milestones: list(int(150), int(180)),
  opt: code(named("argparse", "Namespace"), ")\x81", dict({ lr: float(0.1) }), "b"),
  top1: numpyScalar("f8", new Uint8Array(Float64Array.of(71.2).buffer)),
  seen: code("\x8f(", int(1), "\x90"),
});
const rows = {
  0: floats(...Array.from({ length: 12 }, (_, i) => i)),
  1: new Uint8Array(Float16Array.of(1, 2, 3).buffer),
  2: new Uint8Array(BigInt64Array.of(1n, 2n).buffer),
  3: floats(71.2),
  4: Uint8Array.of(0x38, 0xb8, 1, 2, 3, 0x7f),
};
const entries = new Map<string, Entry>([
  ["module.a", { dtype: "F32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
  ["module.b", { dtype: "I64", shape: [2], data: BigInt64Array.of(1n, 2n) }],
  ["module.c", { dtype: "BF16", shape: [3], data: Uint16Array.of(1, 2, 3) }],
  ["module.d", { dtype: "BOOL", shape: [], data: Uint8Array.of(1) }],
  ["module.e", { dtype: "U8", shape: [4], data: Uint8Array.of(0x38, 0xb8, 1, 2) }],
]);

/** The same file with its 4 bytes declared to be 8 floats of 4 bits. */
const withFloat4 = (bytes: Bytes): Bytes =>
  Uint8Array.from(
    String.fromCharCode(...bytes).replace('"U8","shape":[4]', '"F4","shape":[8]'),
    (letter) => letter.charCodeAt(0),
  );

/** One file of each format. */
const files: Readonly<Record<string, Bytes>> = {
  "the zip layout": zipFile(checkpoint, rows),
  "a packed zip": zipFile(checkpoint, rows, {}, 6),
  "the legacy layout": legacyFile(checkpoint, {
    0: [12, rows[0]],
    1: [3, rows[1]],
    2: [2, rows[2]],
    3: [1, rows[3]],
    4: [6, rows[4]],
  }),
  "the tar layout": Uint8Array.from(tar(tarLayout)),
  "safetensors": encode(entries, { epoch: "3" }),
  "safetensors with float4": withFloat4(encode(entries, { epoch: "3" })),
};

/** Makes a source that counts the bytes read. */
function countReads(bytes: Bytes): ByteSource & { readonly count: () => number } {
  const source = memorySource("fuzz.pth", bytes);
  let count = 0;
  return {
    ...source,
    read(position, length) {
      count += length;
      return source.read(position, length);
    },
    count: () => count,
  };
}

/** Asserts that every tensor has as many elements as its shape says. */
function assertWhole({ tensors, facts }: DecodedWeights): void {
  for (const [name, { shape, data }] of tensors) {
    assert(
      typeof name === "string" &&
        data.length === shape.reduce((product, size) => product * size, 1),
    );
  }
  JSON.stringify(facts);
}

/** Whether these bytes are read. Asserts the properties that hold for any bytes. */
function survives(bytes: Bytes): boolean {
  const source = countReads(bytes);
  try {
    assertWhole(decodeWeights(source));
    return true;
  } catch (error) {
    assert(
      error instanceof Failure && error.exit === 3,
      `not a failure: ${error instanceof Error ? error.stack : error}`,
    );
    assert(!/call stack|allocation/i.test(error.message), error.message);
    assert(error.message.startsWith("fuzz.pth"), error.message);
    return false;
  } finally {
    // The search in the zip's last 64 KB and the first bytes, which tell the format, add to this.
    assert(
      source.count() <= 3 * bytes.length + 1024,
      `${source.count()} bytes were read of ${bytes.length}`,
    );
  }
}

for (const [name, bytes] of Object.entries(files)) {
  Deno.test(`fuzz: a mutation of ${name} is read or is one failure`, () => {
    assert(survives(bytes));
    let read = 0;
    let refused = 0;
    fc.assert(
      fc.property(mutationOf(bytes), (mutated) => void (survives(mutated) ? read++ : refused++)),
      {
        numRuns: 8000,
        seed: 4,
      },
    );
    assert(read > 0 && refused > 500, `${read} read, ${refused} refused`);
  });
}

Deno.test("fuzz: random pickles in a valid file are read or are one failure", () => {
  const pickles = fc.array(byteValue, { maxLength: 100 }).map((codes) =>
    Uint8Array.of(0x80, 2, ...codes, 0x2e)
  );
  const random = fc.oneof(
    pickles.map((bytes) => zipFile(bytes)),
    pickles.map((bytes) => legacyFile(bytes)),
  );
  fc.assert(fc.property(random, (bytes) => void survives(bytes)), { numRuns: 5000, seed: 4 });
});

Deno.test("fuzz: pickles with changed instructions in a valid zip are read or are one failure", () => {
  const whole = Uint8Array.from(code("\x80\x02", checkpoint, "."));
  let read = 0;
  fc.assert(
    fc.property(mutationOf(whole), (pickle) => void (survives(zipFile(pickle, rows)) && read++)),
    {
      numRuns: 8000,
      seed: 4,
    },
  );
  assert(read > 100, `${read} read`);
});
