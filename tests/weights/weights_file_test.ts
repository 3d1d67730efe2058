import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { zipSync } from "fflate";
import { Failure } from "../../lib/values/failure.ts";
import { encode, type Entry } from "../../lib/weights/safetensors.ts";
import { decodeWeights, readWeights } from "../../lib/weights/weights_file.ts";
import { memorySource } from "../support/memory_source.ts";
import { inTemporary } from "../support/temporary.ts";
import { needs } from "../support/needs.ts";
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
  numpyScalar,
  pickle,
  storage,
  tensor,
  text,
  tuple,
  zipFile,
} from "../support/torch_file.ts";

const decode = (bytes: Uint8Array<ArrayBuffer>) => decodeWeights(memorySource("w.pth", bytes));

/**
 * Asserts that these bytes are refused with a message of one line, which has the file's name and
 * these parts.
 */
const assertRefused = (bytes: Uint8Array<ArrayBuffer>, ...parts: string[]): void => {
  const failure = assertThrows(() => decode(bytes), Failure);
  assertEquals(failure.exit, 3);
  for (const part of ["w.pth", ...parts]) assertStringIncludes(failure.message, part);
  assertEquals(failure.message.split("\n").length, 1);
};

/** Names, shapes and numbers of the tensors in these bytes. */
const tensorsOf = (bytes: Uint8Array<ArrayBuffer>) =>
  Array.from(decode(bytes).tensors, ([name, { shape, data }]) => [name, [...shape], [...data]]);

const ones = floats(1, 1, 1, 1);
const weights: Code = dict({ w: tensor(storage("0", 4), [2, 2]) });

Deno.test("weights: both PyTorch layouts give the tensors in order and the facts beside them", () => {
  const value = dict({
    model: dict({
      "module.b": tensor(storage("1", 2), [2]),
      "module.a": tensor(storage("0", 4), [2, 2]),
      "module.n.num_batches_tracked": tensor(storage("0", 4), []),
    }),
    epoch: int(3),
    best_acc: float(71.2),
    name: text("vgg8"),
    done: code("\x88"),
    acc: tensor(storage("2", 1), []),
    loss: float(NaN),
    history: list(int(1)),
    optimizer: dict({ state: dict({ "0": dict({ step: tensor(storage("1", 2), [2]) }) }) }),
  });
  const [zero, one, two] = [floats(1, 2, 3, 4), floats(5, 6), floats(0.5)];
  for (
    const [format, bytes] of [
      ["pytorch", zipFile(value, { 0: zero, 1: one, 2: two })],
      ["pytorch-legacy", legacyFile(value, { 0: [4, zero], 1: [2, one], 2: [1, two] })],
    ] as const
  ) {
    const read = decode(bytes);
    assertEquals(read.format, format);
    assertEquals(tensorsOf(bytes), [["b", [2], [5, 6]], ["a", [2, 2], [1, 2, 3, 4]]]);
    assertEquals(read.facts, { epoch: 3, best_acc: 71.2, name: "vgg8", done: true, acc: 0.5 });
  }
});

Deno.test("weights: safetensors gives tensors and facts too, the numbers widened", () => {
  const tensors = new Map<string, Entry>([
    ["module.b", { dtype: "F16", shape: [2], data: Float16Array.of(1.5, -2) }],
    ["module.a", { dtype: "I64", shape: [1], data: BigInt64Array.of(-7n) }],
  ]);
  const read = decode(encode(tensors, { epoch: "3" }));
  assertEquals([...read.tensors], [
    ["b", { shape: [2], data: Float32Array.of(1.5, -2) }],
    ["a", { shape: [1], data: Int32Array.of(-7) }],
  ]);
  assertEquals([read.format, read.facts], ["safetensors", { epoch: "3" }]);
});

Deno.test("weights: safetensors is told from a zip whatever the length of its header", () => {
  const tensors = new Map<string, Entry>([["a", {
    dtype: "F32",
    shape: [1],
    data: Float32Array.of(1),
  }]]);
  const ofLength = (note: number) => encode(tensors, { note: "x".repeat(note) });
  const header = (bytes: Uint8Array<ArrayBuffer>) => new DataView(bytes.buffer).getUint32(0, true);
  // Its first two bytes are PK.
  const length = 0x4b50;
  const bytes = ofLength(length - header(ofLength(0)));
  assertEquals(header(bytes), length);
  assertEquals(decode(bytes).format, "safetensors");
});

Deno.test("weights: every type of storage is read", () => {
  const types: [string, Uint8Array, number[]][] = [
    ["FloatStorage", floats(1.5, -2), [1.5, -2]],
    ["DoubleStorage", new Uint8Array(Float64Array.of(0.1, -2).buffer), [Math.fround(0.1), -2]],
    ["HalfStorage", new Uint8Array(Float16Array.of(1.5, -2).buffer), [1.5, -2]],
    ["BFloat16Storage", Uint8Array.of(0xc0, 0x3f, 0x00, 0xc0), [1.5, -2]],
    ["LongStorage", new Uint8Array(BigInt64Array.of(5n, -2n).buffer), [5, -2]],
    ["IntStorage", new Uint8Array(Int32Array.of(5, -2).buffer), [5, -2]],
    ["ShortStorage", new Uint8Array(Int16Array.of(5, -2).buffer), [5, -2]],
    ["CharStorage", new Uint8Array(Int8Array.of(5, -2).buffer), [5, -2]],
    ["ByteStorage", Uint8Array.of(5, 254), [5, 254]],
    ["BoolStorage", Uint8Array.of(0, 1), [0, 1]],
  ];
  for (const [type, bytes, expected] of types) {
    for (const strides of [[1], [0]]) {
      const value = dict({ w: tensor(storage("0", 2, type), [2], { strides }) });
      const numbers = strides[0] === 1 ? expected : [expected[0], expected[0]];
      assertEquals(tensorsOf(zipFile(value, { 0: bytes })), [["w", [2], numbers]], type);
      assertEquals(tensorsOf(legacyFile(value, { 0: [2, bytes] })), [["w", [2], numbers]], type);
    }
  }
  const large = new Uint8Array(BigInt64Array.of(2n ** 40n).buffer);
  assertRefused(
    zipFile(dict({ w: tensor(storage("0", 1, "LongStorage"), [1]) }), { 0: large }),
    "1099511627776",
    "32 bits",
  );
});

Deno.test("weights: tensors that share a storage, transposed ones, parts and empty ones", () => {
  const six = floats(0, 1, 2, 3, 4, 5);
  const row = storage("0", 6);
  const part = storage("0", 6, "FloatStorage", tuple(text("view"), int(2), int(3)));
  const value = dict({
    all: tensor(row, [2, 3]),
    turned: tensor(row, [3, 2], { strides: [1, 3] }),
    last: tensor(row, [2], { offset: 4 }),
    even: tensor(row, [3], { strides: [2] }),
    one: tensor(row, [], { offset: 3 }),
    thin: tensor(row, [1, 3], { strides: [99, 1] }),
    none: tensor(row, [0, 3]),
    never: tensor(row, [...Array(63).fill(2n ** 52n), 0], { strides: Array(64).fill(1) }),
    part: tensor(part, [2], { offset: 1 }),
  });
  const expected = [
    ["all", [2, 3], [0, 1, 2, 3, 4, 5]],
    ["turned", [3, 2], [0, 3, 1, 4, 2, 5]],
    ["last", [2], [4, 5]],
    ["even", [3], [0, 2, 4]],
    ["one", [], [3]],
    ["thin", [1, 3], [0, 1, 2]],
    ["none", [0, 3], []],
    ["never", [...Array(63).fill(2 ** 52), 0], []],
    ["part", [2], [3, 4]],
  ];
  assertEquals(tensorsOf(zipFile(value, { 0: six })), expected);
  assertEquals(tensorsOf(legacyFile(value, { 0: [6, six] })), expected);
});

Deno.test("weights: the state dict is found where people put it", () => {
  const w = tensor(storage("0", 4), [4]);
  const other = dict({ v: w });
  const found: [Code, string[]][] = [
    [dict({ a: w }), ["a"]],
    [dict({ model: dict({ a: w }), ema: other }), ["a"]],
    [dict({ state_dict: dict({ a: w }) }), ["a"]],
    [dict({ net: dict({ a: w }), acc: float(1), epoch: int(1) }), ["a"]],
    [dict({ student: dict({ a: w }), teacher: other }), ["a"]],
    [dict({ weights: dict({ a: w }), epoch: int(1) }), ["a"]],
    [dict({ checkpoint: dict({ model: dict({ a: w }), ema: other }), epoch: int(1) }), ["a"]],
    [dict({ model: dict({ "module.student.a": w, "module.teacher.a": w, "module.crd.b": w }) }), [
      "a",
    ]],
    [dict({ "module.module.a": w, "module.module.b": w }), ["a", "b"]],
    [dict({ "module.a": w, b: w }), ["module.a", "b"]],
    [dict({ a: w, "fp8._extra_state": dict({ scale: float(1) }), _extra_state: list() }), ["a"]],
  ];
  for (const [value, names] of found) {
    assertEquals([...decode(zipFile(value, { 0: ones })).tensors.keys()], names);
  }

  const file = (value: Code) => zipFile(value, { 0: ones });
  assertRefused(
    file(dict({ a: other, b: other })),
    "several state dicts: a (1 tensors), b (1 tensors)",
  );
  assertRefused(
    file(dict({ model: other, net: other })),
    "several state dicts: model (1 tensors), net (1 tensors)",
  );
  assertRefused(
    file(dict({ x: dict({ a: other, b: other }) })),
    "several state dicts: x.a (1 tensors), x.b (1 tensors)",
  );
  assertRefused(
    file(dict({ epoch: int(1), model: dict({}) })),
    "no state dict",
    "epoch (a number)",
    "model (a dict)",
  );
  assertRefused(file(list(w)), "no state dict", "it holds a list");
  assertRefused(file(w), "no state dict", "it holds a tensor");
  assertRefused(file(dict({})), "no state dict: it holds an empty dict");
  assertRefused(file(code("}(", int(0), w, "u")), "no state dict: it has 0 (a tensor)");
});

Deno.test("weights: what lies beside the state dict does not keep it from being read", () => {
  const w = tensor(storage("0", 4), [4]);
  const namespace = code(
    named("argparse", "Namespace"),
    ")\x81",
    dict({ model: text("vgg8"), lr: float(0.05), milestones: list(int(1)) }),
    "b",
  );
  const value = dict({
    model: dict({ a: w, count: int(7), note: code("N") }),
    opt: namespace,
    acc: numpyScalar("f8", new Uint8Array(Float64Array.of(71.5).buffer)),
    scheduler: dict({ last_epoch: int(3), base_lrs: list(float(0.1)) }),
    hook: call("functools", "partial", named("builtins", "getattr")),
    phase: tensor(storage("1", 1, "ComplexFloatStorage"), []),
    seed: tensor(storage("2", 1, "LongStorage"), []),
  });
  const storages = {
    0: ones,
    1: floats(0, 1),
    2: new Uint8Array(BigInt64Array.of(2n ** 40n).buffer),
  };
  const { tensors, facts, notes } = decode(zipFile(value, storages));
  assertEquals([...tensors.keys()], ["a"]);
  assertEquals(facts, {
    "opt.model": "vgg8",
    "opt.lr": 0.05,
    acc: 71.5,
    "scheduler.last_epoch": 3,
    seed: 2 ** 40,
    count: 7,
  });
  assertEquals(notes, []);
});

Deno.test("weights: an object within the state dict is refused by its name, and so is a network", () => {
  const w = tensor(storage("0", 4), [4]);
  const file = (value: Code) => zipFile(value, { 0: ones });
  for (const kind of ["argparse.Namespace", "a.b"]) {
    const [module, name] = kind.split(".");
    const inside = dict({ w, x: call(module, name) });
    for (
      const value of [inside, dict({ model: inside }), dict({ model: inside, e: dict({ w }) })]
    ) {
      assertRefused(file(value), `its state dict has x, ${kind}`, 'del state_dict["x"]');
    }
  }
  assertRefused(file(call("a", "b")), "it holds a.b");
  const net = code(named("models", "Net"), ")\x81", dict({ _parameters: dict({ w }) }), "b");
  const way = "torch.save(torch.load(path, weights_only=False)";
  assertRefused(file(net), "it holds models.Net", `${way}.state_dict(), new_path)`);
  assertRefused(
    file(dict({ opt: call("a", "b"), net })),
    "net (models.Net)",
    `${way}["net"].state_dict(), new_path)`,
  );
  // With an accuracy that is a tensor.
  assertRefused(file(dict({ net, acc: w })), "net (models.Net)", `${way}["net"].state_dict()`);
});

Deno.test("weights: says which state dict was taken, and a key takes another", () => {
  const w = tensor(storage("0", 4), [4]);
  const value = dict({
    state_dict: dict({ a: w, b: w }),
    state_dict_ema: dict({ "module.c": w, "module.d": w }),
    rng: dict({ cpu: w }),
    inner: dict({ ema: dict({ e: w, f: w }) }),
  });
  const bytes = zipFile(value, { 0: ones });
  const choose = (key?: string, prefix?: string) =>
    decodeWeights(memorySource("w.pth", bytes), { key, prefix });
  assertEquals(choose().notes, [
    "the state dict state_dict is taken; `key` takes another: " +
    "state_dict_ema (2 tensors), inner.ema (2 tensors)",
  ]);
  assertEquals([...choose("state_dict_ema").tensors.keys()], ["c", "d"]);
  assertEquals([...choose("inner.ema").tensors.keys()], ["e", "f"]);
  const misses: [string | undefined, string | undefined, string][] = [
    ["ema", undefined, "no state dict under the key ema; it has state_dict (2 tensors)"],
    [undefined, "teacher.", "no tensor whose name begins with teacher.; its names begin with a, b"],
  ];
  for (const [key, prefix, message] of misses) {
    assertStringIncludes(assertThrows(() => choose(key, prefix), Failure).message, message);
  }
  const plain = encode(new Map());
  assertThrows(() => decodeWeights(memorySource("w", plain), { key: "a" }), Failure, "has no keys");
});

Deno.test("weights: a file of a big-endian machine is read", () => {
  const big = { "archive/byteorder": Uint8Array.from(code("big")) };
  const swapped = floats(1, 2, 3, 4);
  for (let at = 0; at < 16; at += 4) swapped.subarray(at, at + 4).reverse();
  assertEquals(tensorsOf(zipFile(weights, { 0: swapped }, big)), [["w", [2, 2], [1, 2, 3, 4]]]);
  const machine = dict({ little_endian: code("\x89") });
  const legacy = legacyFile(weights, { 0: [4, floats(1, 2, 3, 4)] }, machine);
  assertEquals(tensorsOf(legacy), [["w", [2, 2], [1, 2, 3, 4]]]);
});

Deno.test("weights: a tensor that does not fit its storage or the file is refused with its name", () => {
  const lies: [Code, string][] = [
    [tensor(storage("0", 4), [5]), "ends at number 4 of the storage 0, which has only 4"],
    [tensor(storage("0", 4), [2, 2], { offset: 1 }), "ends at number 4"],
    [tensor(storage("0", 4), [2], { strides: [4] }), "ends at number 4"],
    [
      tensor(storage("0", 4), [1024, 1024, 2 ** 40]),
      "of shape [1024,1024,1099511627776] ends at number",
    ],
    [
      tensor(storage("0", 4), Array(64).fill(2n ** 52n), { strides: Array(64).fill(0) }),
      "claim more than twice",
    ],
    [tensor(storage("0", 4), [2n ** 53n - 1n], { strides: [0] }), "claim more than twice"],
    [
      tensor(storage("0", 4), [2 ** 20, 2 ** 20, 2 ** 20], { strides: [0, 0, 0] }),
      "claim more than twice",
    ],
    [tensor(storage("0", 4), [2n ** 52n], { strides: [2n ** 53n - 1n] }), "ends at number"],
  ];
  for (const [value, message] of lies) {
    const files = [
      zipFile(dict({ w: value }), { 0: ones }),
      legacyFile(dict({ w: value }), { 0: [4, ones] }),
    ];
    for (const file of files) assertRefused(file, "is ", " w", message);
  }
  const short = dict({ w: tensor(storage("0", 2n ** 53n - 1n), [4]) });
  assertRefused(
    zipFile(short, { 0: ones }),
    "tensor w of shape [4] lies in the storage 0",
    "of which the file has 16 bytes",
  );
  assertRefused(
    legacyFile(short, { 0: [4, ones] }),
    "its storage 0 has 4 numbers, and its tensors claim 9007199254740991",
  );
  assertRefused(
    legacyFile(short, { 0: [2n ** 53n - 1n, ones] }),
    "bytes before its storage 0 does",
  );
  assertRefused(
    zipFile(dict({ w: tensor(storage("1", 4), [4]) }), { 0: ones }),
    "the storage 1, which the file does not have",
  );
  assertRefused(
    legacyFile(dict({ w: tensor(storage("1", 4), [4]) })),
    "the storage 1, which the file does not have",
  );
});

Deno.test("weights: many copies of one storage are refused, many views are not", () => {
  const row = new Uint8Array(4 * 2 ** 16);
  const place = storage("0", 2 ** 16);
  const many = (strides: number[]) =>
    dict(
      Object.fromEntries(
        Array.from({ length: 100 }, (_, i) => [`w${i}`, tensor(place, [256, 256], { strides })]),
      ),
    );
  const views = decode(zipFile(many([256, 1]), { 0: row })).tensors;
  assertEquals(new Set(Array.from(views.values(), ({ data }) => data.buffer)).size, 1);
  assertRefused(zipFile(many([1, 256]), { 0: row }), "claim more than twice");
});

Deno.test("weights: a zip that unpacks to far more than its size is refused before it is unpacked", () => {
  const zeros = new Uint8Array(2 ** 24);
  const value = dict({ w: tensor(storage("0", 2 ** 22), [2 ** 22]) });
  const bytes = zipFile(value, { 0: zeros }, {}, 6);
  assert(bytes.length < 2 ** 16);
  assertRefused(bytes, "claim more than twice");
  assertRefused(zipFile(new Uint8Array(2 ** 24 + 1), {}, {}, 6), "its data.pkl has 16777217 bytes");
  const noise = crypto.getRandomValues(new Uint8Array(400));
  const packed = zipFile(dict({ w: tensor(storage("0", 100), [100]) }), { 0: noise }, {}, 6);
  assertEquals(decode(packed).tensors.get("w")!.data, new Float32Array(noise.buffer));
});

Deno.test("weights: a malicious file is refused with the Python name that it asks for", () => {
  const attack = call("os", "system", text("touch pwned"));
  for (const bytes of [zipFile(attack), legacyFile(attack), pickle(attack)]) {
    assertRefused(bytes, "is refused", "os.system", "torch.save(model.state_dict(), path)");
  }
  assertRefused(
    zipFile(dict({ w: tensor(storage("0", 4), [4]), x: named("builtins", "eval") }), { 0: ones }),
    "builtins.eval",
  );
  assertRefused(legacyFile(weights, { 0: [4, ones] }, attack), "os.system");
  assertRefused(Uint8Array.from(code("cposix\nsystem\n(S'id'\ntR.")), "posix.system");
  assertRefused(Uint8Array.from(code("(S'id'\niposix\nsystem\n.")), "posix.system");
  assertRefused(Uint8Array.from(code("\x80\x04\x8c\x02os\x8c\x06system\x93.")), "os.system");
});

Deno.test("weights: a truncated file is refused wherever it ends", () => {
  for (const whole of [zipFile(weights, { 0: ones }), legacyFile(weights, { 0: [4, ones] })]) {
    for (let length = 0; length < whole.length; length++) assertRefused(whole.slice(0, length));
  }
});

Deno.test("weights: a file with bytes after its end is refused", () => {
  const longer = (bytes: Uint8Array) => Uint8Array.of(...bytes, 1);
  assertRefused(longer(legacyFile(weights, { 0: [4, ones] })), "1 bytes follow its last storage");
  assertRefused(longer(zipFile(weights, { 0: ones })), "no table of contents at its end");
});

Deno.test("weights: an encrypted zip is refused as such", () => {
  const bytes = zipFile(weights, { 0: ones });
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 4 < bytes.length; at++) {
    if (view.getUint32(at, true) === 0x02014b50) bytes[at + 8] |= 1;
  }
  assertRefused(bytes, "it is encrypted");
});

Deno.test("weights: a storage whose bytes were changed is refused, one without a checksum is read", () => {
  const change = (at: (latin: string) => number, to: number[]) => {
    const bytes = zipFile(weights, { 0: floats(1, 2, 3, 4) });
    bytes.set(to, at(String.fromCharCode(...bytes)));
    return bytes;
  };
  const data = (latin: string) => latin.indexOf("\0\0\x80\x3f");
  const crc = (latin: string) =>
    latin.lastIndexOf("PK\x01\x02", latin.lastIndexOf("archive/data/0")) + 16;
  assertRefused(change(data, [9]), "archive/data/0 cannot be read (its CRC-32 is wrong)");
  assertEquals(tensorsOf(change(crc, [0, 0, 0, 0])), [["w", [2, 2], [1, 2, 3, 4]]]);
});

Deno.test("weights: a file of another kind is refused as what it is", () => {
  const bytes = (...parts: (string | number[])[]) => Uint8Array.from(code(...parts));
  const tar = new Uint8Array(1024);
  tar.set(bytes("ustar"), 257);
  const odd = zipFile(weights, { 0: ones }, { "archive/byteorder": bytes("middle") });
  const others: [Uint8Array<ArrayBuffer>, string][] = [
    [new Uint8Array(), "is empty"],
    [bytes("\n <!DOCTYPE html><html>"), "is a web page"],
    [bytes("version https://git-lfs.github.com/spec/v1"), "git lfs pull"],
    [tar, "is a tar archive: unpack it (tar xf)"],
    [bytes("\x1f\x8b\x08"), "gzip"],
    [bytes('{"a": 1}, {"b": 2}'), "is JSON text"],
    [bytes("\x89HDF\r\n"), "HDF5"],
    [bytes("weights"), "is neither safetensors nor a file of PyTorch"],
    [bytes("\0".repeat(100)), "is neither safetensors nor a file of PyTorch"],
    [pickle(dict({ a: int(1) })), "is a Python pickle, but not one that torch.save wrote"],
    [
      pickle(code(
        "ctorch._utils\n_rebuild_tensor_v2\n(",
        call("torch.storage", "_load_from_bytes", text("x")),
        ...[int(0), tuple(int(1)), tuple(int(1))],
        "tR",
      )),
      "is a Python pickle, but not one that torch.save wrote",
    ],
    [zipSync({ "a.npy": bytes("x") }), "NumPy archive"],
    [zipSync({ "resnet/best.pth": bytes("x") }), "is a zip with resnet/best.pth in it"],
    [zipSync({ "a.txt": bytes("x") }), "has no data.pkl"],
    [zipFile(weights, { 0: ones }, { "archive/constants.pkl": bytes("x") }), "TorchScript"],
    [zipFile(weights, { 0: ones }, { "archive/code/a.py": bytes("x") }), "TorchScript"],
    [odd, "its byte order is middle"],
    [bytes('{\n "metadata": {},\n "weight_map": {'), "is the index of weights in several files"],
    [zipFile(dict({}), {}, { "../x": bytes("x") }), "leads out of its folder"],
  ];
  for (const [content, message] of others) assertRefused(content, message);
});

Deno.test("weights: a file of more than 4 GiB is refused before it is read", () => {
  const source = { name: "w.pth", size: 2 ** 32 + 1, read: () => assert(false) as never };
  assertThrows(() => decodeWeights(source), Failure, "w.pth has 4.0 GiB");
});

await needs(
  ["read", "write"],
  "weights: a file is read and named with its SHA-256",
  () =>
    inTemporary(async (folder) => {
      const path = `${folder}/w.pth`;
      const bytes = legacyFile(weights, { 0: [4, ones] });
      await Deno.writeFile(path, bytes);
      const { sha256, tensors, ...rest } = await readWeights(path);
      assertEquals(sha256, new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex());
      assertEquals(tensors.get("w"), { shape: [2, 2], data: Float32Array.of(1, 1, 1, 1) });
      assertEquals(rest, { path, format: "pytorch-legacy", facts: {}, prefix: "", notes: [] });

      const absent = await assertRejects(
        () => readWeights(`${folder}/none`),
        Failure,
        `cannot read ${folder}/none: No such`,
      );
      const directory = await assertRejects(() => readWeights(folder), Failure, "it is a folder");
      assertEquals([absent.exit, directory.exit], [3, 3]);
      await Deno.truncate(path, 2 ** 33);
      await assertRejects(
        () => readWeights(path),
        Failure,
        "has 8.0 GiB, and files of more than 4 GiB are not read",
      );
    }),
);

Deno.test("weights: a file of Retort names its images, and other metadata are no images", () => {
  const imageOf = (metadata: Record<string, string>) => decode(encode(new Map(), metadata)).image;
  const network = '{"id":"vit"}';
  assertEquals(imageOf({ network, image: "[8,32,3]" }), [8, 32, 3]);
  assertEquals(imageOf({ image: "[3,32,32]" }), undefined, "another program's");
  assertEquals(imageOf({ retort: '{"epoch":2,"image":[8,32,3]}', checksum: "" }), [8, 32, 3]);
  for (const image of ["photo.jpg", "[8,32]", "[8,32,0]", "[8,32,1.5]", '"8,3,2"', "null", "{}"]) {
    assertEquals(imageOf({ network, image }), undefined, image);
  }
  for (const retort of ["{", "null", "3", '{"image":"8"}']) {
    assertEquals(imageOf({ retort }), undefined, retort);
  }
  assertEquals(imageOf({}), undefined);
});
