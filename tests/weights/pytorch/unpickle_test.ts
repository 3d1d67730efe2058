import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  isTensor,
  type Pickled,
  type PickledName,
  PickledObject,
  PickledTensor,
  Storage,
} from "../../../lib/weights/pytorch/objects.ts";
import { unpickle } from "../../../lib/weights/pytorch/unpickle.ts";
import { FileRefused } from "../../../lib/weights/refused.ts";
import {
  call,
  type Code,
  code,
  dict,
  float,
  int,
  list,
  little,
  named,
  pickle,
  storage,
  tensor,
  text,
  tuple,
} from "../../support/torch_file.ts";

const read = (value: Code): Pickled => unpickle(pickle(value)).value;
const assertRefused = (value: Code, ...parts: string[]): void => {
  const { message } = assertThrows(() => read(value), FileRefused);
  for (const part of parts) assertStringIncludes(message, part);
};

Deno.test("unpickle: reads simple values of every protocol", () => {
  const bytes = Uint8Array.of(1, 255);
  const values: [Code, Pickled][] = [
    [code("N"), null],
    [code("\x88"), true],
    [code("\x89"), false],
    [code("I01\n"), true],
    [code("I-12\n"), -12],
    [code("L12L\n"), 12],
    [code("F1.5\n"), 1.5],
    [code("J\xfe\xff\xff\xff"), -2],
    [code("K\xff"), 255],
    [code("M\x00\x01"), 256],
    [float(-71.25), -71.25],
    [float(Infinity), Infinity],
    [int(2n ** 53n - 1n), 2 ** 53 - 1],
    [int(-(2n ** 70n)), -(2n ** 70n)],
    [code("\x8a\x00"), 0],
    [code("\x8b\x01\x00\x00\x00\x80"), -128],
    [code("S'abc'\n"), "abc"],
    [code('S"it\'s"\n'), "it's"],
    [code("Vabc\n"), "abc"],
    [code("U\x02ab"), "ab"],
    [code("T\x02\x00\x00\x00ab"), "ab"],
    [text("größe 🙂"), "größe 🙂"],
    [code("\x8c\x02ab"), "ab"],
    [code("\x8d", little(2, 8), "ab"), "ab"],
    [code("C\x02\x01\xff"), bytes],
    [code("B\x02\x00\x00\x00\x01\xff"), bytes],
    [code("\x8e", little(2, 8), "\x01\xff"), bytes],
    [code("\x96", little(2, 8), "\x01\xff"), bytes],
    [call("_codecs", "encode", text("\x01ÿ"), text("latin1")), bytes],
    [list(int(1), text("a")), [1, "a"]],
    [code("(K\x01K\x02l"), [1, 2]],
    [code("]K\x01a"), [1]],
    [code(")"), []],
    [code("K\x01\x85"), [1]],
    [code("K\x01K\x02\x86"), [1, 2]],
    [code("K\x01K\x02K\x03\x87"), [1, 2, 3]],
    [dict({ b: int(1), a: dict({}) }), new Map<Pickled, Pickled>([["b", 1], ["a", new Map()]])],
    [code("(K\x01K\x02d"), new Map([[1, 2]])],
    [code("}K\x01K\x02s"), new Map([[1, 2]])],
    [call("collections", "OrderedDict", list(list(text("a"), int(1)))), new Map([["a", 1]])],
    [call("torch", "Size", tuple(int(2), int(3))), [2, 3]],
    [call("torch", "device", text("cuda"), int(0)), "cuda"],
    [code("]q\x07h\x07\x86"), [[], []]],
    [code("]r\x07\x00\x00\x00j\x07\x00\x00\x00\x86"), [[], []]],
    [code("]p7\ng7\n\x86"), [[], []]],
    [code("]\x94h\x00\x86"), [[], []]],
    [code("K\x01K\x020"), 1],
    [code("K\x01(K\x02K\x031"), 1],
    [code("K\x012\x86"), [1, 1]],
    [code("\x95", little(2, 8), "K\x01"), 1],
  ];
  for (const [value, expected] of values) {
    assertEquals(read(value), expected, String.fromCharCode(...value));
  }
});

Deno.test("unpickle: skips a state dict's metadata", () => {
  const metadata = dict({ _metadata: call("collections", "OrderedDict") });
  assertEquals(read(code(call("collections", "OrderedDict"), metadata, "b")), new Map());
});

Deno.test("unpickle: reads tensors and storages as places, parameters as their tensors", () => {
  const { value, storages } = unpickle(pickle(
    call(
      "torch._utils",
      "_rebuild_parameter",
      tensor(storage("0", 6), [2, 3], { offset: 0 }),
      code("\x88"),
      code("N"),
    ),
  ));
  assert(value instanceof PickledTensor);
  assertEquals([value.shape, value.strides, value.offset], [[2, 3], [3, 1], 0]);
  assertEquals(storages, [new Storage("F32", "0", 6)]);
  const view = read(storage("7", 6, "LongStorage", tuple(text("8"), int(2), int(3))));
  assertEquals(view, new Storage("I64", "7", 6, { offset: 2, length: 3 }));
});

Deno.test("unpickle: several pickles may follow one another", () => {
  const bytes = Uint8Array.of(...pickle(int(1)), ...pickle(text("a")));
  const first = unpickle(bytes);
  assertEquals([first.value, unpickle(bytes, first.end).value], [1, "a"]);
});

Deno.test("unpickle: refuses everything that could run, with its full name, by every way to it", () => {
  const system = named("os", "system");
  const ways: Code[] = [
    system,
    code(system, tuple(text("ls")), "R"),
    code(text("os"), text("system"), "\x93", tuple(text("ls")), "R"),
    code("(S'ls'\nios\nsystem\n"),
    code("(", system, text("ls"), "o"),
    code(system, ")\x81"),
    code(system, ")}\x92"),
    dict({ model: dict({ w: code(system, tuple(text("ls")), "R") }) }),
  ];
  for (const way of ways) {
    assertRefused(
      way,
      "os.system",
      "is refused",
      "nothing of it was run",
      "torch.save(model.state_dict(), path)",
    );
  }
  for (const name of ["eval", "exec", "__import__", "open", "compile"]) {
    assertRefused(call("builtins", name, text("1")), `builtins.${name}`);
    assertRefused(call("__builtin__", name, text("1")), `__builtin__.${name}`);
  }
  assertRefused(named("posix", "a\x1b[2J"), '"posix.a\\u001b[2J"');
  assertRefused(named("os", "x".repeat(1000)), "…");
});

Deno.test("unpickle: a known name does nothing but its own purpose", () => {
  assertRefused(code(text("system"), tuple(), "R"), "calls a string");
  assertRefused(code("(o"), "calls nothing");
  assertRefused(code("]", "}", "b"), "sets attributes of a list");
  assertRefused(code(tensor(storage("0", 1), [1]), "}", "b"), "sets attributes of a tensor");
  assertRefused(code("\x82\x01"), "extension registry");
  assertRefused(code("Pkey\n"), "not a storage");
  assertRefused(code(tuple(text("module"), text("x")), "Q"), "not a storage");
});

Deno.test("unpickle: an object of an unknown class is an inert record of its parts", () => {
  const namespace = new PickledObject("argparse.Namespace");
  namespace.state = new Map<Pickled, Pickled>([["lr", 1]]);
  const state = dict({ lr: int(1) });
  const type = named("argparse", "Namespace");
  for (
    const way of [
      code(type, ")\x81", state, "b"),
      code(type, ")}\x92", state, "b"),
      code("(", type, "o", state, "b"),
      code("(iargparse\nNamespace\n", state, "b"),
    ]
  ) {
    const { kind, state } = read(way) as PickledObject;
    assertEquals([kind, state], [namespace.kind, namespace.state]);
  }
  const old = read(
    code(call("copy_reg", "_reconstructor", type, named("a", "b"), code("N")), state, "b"),
  );
  assertEquals((old as PickledObject).kind, "argparse.Namespace");
  const partial = read(call("functools", "partial", named("builtins", "getattr"))) as PickledObject;
  assertEquals([partial.kind, partial.args.length], ["functools.partial", 1]);
  const called = read(code(call("builtins", "getattr", text("a")), tuple(int(1)), "R"));
  assertEquals((called as PickledObject).args, [1]);
  const items = read(code(call("a", "EasyDict"), "(", text("x"), int(1), "u")) as PickledObject;
  assertEquals(items.items, new Map<Pickled, Pickled>([["x", 1]]));
  assert(read(code(call("a", "List"), "(", int(1), "e")) instanceof PickledObject);
  for (const name of ["constructor.constructor", "torch.nn.modules.conv.Conv2d", "__proto__.x"]) {
    const [, module, last] = /^(.+)\.(\w+)$/.exec(name)!;
    assertEquals((read(named(module, last)) as PickledName).name, name);
    assertEquals((read(call(module, last)) as PickledObject).kind, name);
  }
});

Deno.test("unpickle: sets are lists, default dicts and counters are dicts, and deques are lists", () => {
  const pairs = new Map<Pickled, Pickled>([["a", 1]]);
  const values: [Code, Pickled][] = [
    [code("\x8f(", int(1), int(2), "\x90"), [1, 2]],
    [code("(", int(1), "\x91"), [1]],
    [call("builtins", "set", list(int(1))), [1]],
    [call("builtins", "frozenset", list(int(1))), [1]],
    [call("collections", "deque", list(int(1)), int(3)), [1]],
    [
      code(call("collections", "defaultdict", named("builtins", "list")), text("a"), int(1), "s"),
      pairs,
    ],
    [call("collections", "Counter", dict({ a: int(1) })), pairs],
    [call("builtins", "bytearray", text("ab"), text("latin-1")), Uint8Array.of(97, 98)],
    [code("U\x02\xff\x01"), "ÿ\x01"],
  ];
  for (const [value, expected] of values) assertEquals(read(value), expected);
});

/** A storage of bytes, and a tensor that says how to read them. */
const typed = (dtype: string, bytes: number, part?: Code): Code =>
  call(
    "torch._utils",
    "_rebuild_tensor_v3",
    code(
      tuple(
        text("storage"),
        named("torch.storage", "UntypedStorage"),
        text("0"),
        text("cpu"),
        int(bytes),
        ...part ? [part] : [],
      ),
      "Q",
    ),
    int(0),
    tuple(int(2)),
    tuple(int(1)),
    code("\x89"),
    code("N"),
    named("torch", dtype),
  );

Deno.test("unpickle: tensors of every builder of PyTorch", () => {
  const w = tensor(storage("0", 6), [2, 3]);
  const built: [Code, readonly number[]][] = [
    [call("torch._utils", "_rebuild_parameter_with_state", w, code("\x88"), code("N"), dict({})), [
      2,
      3,
    ]],
    [
      call(
        "torch._tensor",
        "_rebuild_from_type_v2",
        named("torch._utils", "_rebuild_tensor_v2"),
        named("a", "Sub"),
        tuple(storage("0", 6), int(0), tuple(int(6)), tuple(int(1)), code("\x89"), code("N")),
        dict({ note: int(1) }),
      ),
      [6],
    ],
    [code(named("torch.nn.parameter", "Parameter"), tuple(w), "\x81"), [2, 3]],
    [call("torch._utils", "_rebuild_device_tensor_from_cpu_tensor", w, text("a")), [2, 3]],
    [typed("uint16", 4), [2]],
    [typed("float4_e2m1fn_x2", 2), [4]],
  ];
  for (const [value, shape] of built) {
    const made = read(value);
    assert(isTensor(made));
    assertEquals(made.shape, shape);
  }
  const half = read(typed("uint16", 8, tuple(text("v"), int(4), int(4)))) as PickledTensor;
  assertEquals(half.storage, new Storage("U16", "0", 4, { offset: 2, length: 2 }));
  assertRefused(typed("uint16", 8, tuple(text("v"), int(1), int(4))), "begins inside a number");
  assertEquals((read(typed("uint1", 2)) as PickledObject).kind, "a tensor of torch.uint1");
});

Deno.test("unpickle: refuses a damaged pickle", () => {
  for (
    const broken of [
      "",
      "K",
      "X\xff\xff\xff\xffa",
      "\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
      "cos",
      "\x95\x01",
    ]
  ) {
    const { message } = assertThrows(
      () => unpickle(Uint8Array.from(code("\x80\x02", broken))),
      FileRefused,
    );
    assertStringIncludes(message, "ends early");
  }
  assertRefused(code("\x80\x09"), "protocol 9");
  assertRefused(code("\xff"), "unknown instruction 0xff");
  assertRefused(code(""), "takes more than it has put");
  assertRefused(code("(0"), "takes more than it has put");
  assertRefused(code("K\x01(R"), "takes more than it has put");
  assertRefused(code("t"), "closes more than it opens");
  assertRefused(code("h\x01"), "recalls the value 1");
  assertRefused(code("NNa"), "appends to None");
  assertRefused(code("]NNs"), "sets an item of a list");
  assertRefused(code("}(Nu"), "a key without a value");
  assertRefused(code("I1e5\n"), "the number");
  assertRefused(code(`L${"1".repeat(100_000)}\n`), "the number");
  assertRefused(code("Sabc\n"), "without quotes");
  assertRefused(code("S'\\x41'\n"), "escaped");
  assertRefused(code("NN\x93"), "a name that is not a string");
  assertRefused(code(named("collections", "OrderedDict"), "NR"), "without a tuple");
  assertRefused(call("collections", "OrderedDict", text("ab")), "not a list of pairs");
  assertRefused(call("collections", "OrderedDict", list(int(1))), "not a list of pairs");
  assertRefused(call("_codecs", "encode", int(1)), "not a string");
});

Deno.test("unpickle: refuses storages and tensors with a wrong description", () => {
  for (const length of [-1, 2n ** 60n]) assertRefused(storage("0", length), "described wrongly");
  assertRefused(storage("0", 4, "Size"), "a storage of the unknown type torch.Size");
  assertRefused(
    storage("0", 4, "FloatStorage", tuple(text("1"), int(3), int(2))),
    "a part of its storage 0",
  );
  assertRefused(storage("0", 4, "FloatStorage", int(1)), "a part of its storage 0");
  for (const shape of [[-1], [2n ** 60n], Array(65).fill(1)]) {
    assertRefused(tensor(storage("0", 4), shape), "described wrongly");
  }
  assertRefused(tensor(storage("0", 4), [2], { strides: [-1] }), "described wrongly");
  assertRefused(tensor(storage("0", 4), [2], { strides: [1, 1] }), "described wrongly");
  assertRefused(tensor(storage("0", 4), [2], { offset: -1 }), "described wrongly");
  assertRefused(tensor(text("0"), [2]), "described wrongly");
});

Deno.test("unpickle: a tensor's shape cannot change afterwards", () => {
  const shape = code("](K\x02eq\x05");
  const made = code(
    named("torch._utils", "_rebuild_tensor_v2"),
    tuple(storage("0", 4), int(0), shape, list(int(1)), code("\x89"), code("N")),
    "Rq\x06h\x05J\xff\xff\xff\xffa0h\x06",
  );
  const value = read(made);
  assert(value instanceof PickledTensor);
  assertEquals(value.shape, [2]);
});

Deno.test("unpickle: 100 levels of nesting are one clear error, 60 are none", () => {
  const nests: ((inner: Code) => Code)[] = [
    (inner) => list(inner),
    (inner) => tuple(inner),
    (inner) => dict({ a: inner }),
    (inner) => code("]", inner, "a"),
    (inner) => code(inner, "\x85"),
    (inner) => code(text("a"), inner, "\x86"),
    (inner) => call("collections", "OrderedDict", list(list(text("a"), inner))),
  ];
  for (const [i, nest] of nests.entries()) {
    const levels = (count: number) =>
      Array.from({ length: count }).reduce<Code>((inner) => nest(inner), list());
    if (i < 6) read(levels(60));
    assertRefused(levels(100), "nests lists and dicts more than 64 levels deep");
  }
  assertRefused(code("]".repeat(10_000), "a".repeat(9_999)), "64 levels");
  assertRefused(code("N", "\x85".repeat(10_000)), "64 levels");
});

Deno.test("unpickle: reads a value that contains itself, without an endless loop", () => {
  const value = read(code("]q\x00h\x00a"));
  assert(Array.isArray(value) && value[0] === value);
});

Deno.test("unpickle: a value that is kept once and used often does not grow without end", () => {
  const laughs = code("]q\x00(", "K\x01".repeat(1000), "e0", `(${"h\x00".repeat(1000)}t`);
  assertEquals((read(laughs) as Pickled[]).length, 1000);
  const pairs = code("](", ...Array(1000).fill(tuple(text("a"), int(1))), "eq\x000");
  const copies = code(
    "(",
    ...Array(5000).fill(code(named("collections", "OrderedDict"), "h\x00\x85R")),
    "t",
  );
  assertRefused(code(pairs, copies), "more values than a checkpoint can need");
  assertRefused(code("(", "]".repeat(1_000_000)), "more values than a checkpoint can need");
  assertRefused(code("N2".repeat(200_000)), "more values than a checkpoint can need");
});
