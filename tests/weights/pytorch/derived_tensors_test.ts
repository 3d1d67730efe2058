import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Failure } from "../../../lib/values/failure.ts";
import { decodeWeights } from "../../../lib/weights/weights_file.ts";
import { memorySource } from "../../support/memory_source.ts";
import {
  call,
  type Code,
  code,
  dict,
  float,
  floats,
  int,
  named,
  storage,
  tensor,
  text,
  tuple,
  zipFile,
} from "../../support/torch_file.ts";

const storages = {
  0: floats(1, 2, 3, 4, 5, 6),
  1: Uint8Array.of(0x10, 0xfe, 3, 0xff, 0, 7),
  2: new Uint8Array(BigInt64Array.of(0n, 0n, 1n).buffer),
  3: floats(0.5, 2),
};

/** The tensor `w` of a state dict: shape and numbers. */
const read = (w: Code) => {
  const { tensors } = decodeWeights(memorySource("w.pth", zipFile(dict({ w }), storages)));
  const { shape, data } = tensors.get("w")!;
  return { shape: [...shape], data: [...data] };
};

const assertRefused = (w: Code, part: string): void =>
  assertStringIncludes(assertThrows(() => read(w), Failure).message, part);

const quantised = (...quantiser: Code[]): Code =>
  call(
    "torch._utils",
    "_rebuild_qtensor",
    storage("1", 6, "QInt8Storage"),
    int(0),
    tuple(int(2), int(3)),
    tuple(int(3), int(1)),
    tuple(...quantiser),
    code("\x89"),
    code("N"),
  );

Deno.test("derived tensors: quantised ones, by tensor and by channel", () => {
  const whole = quantised(named("torch", "per_tensor_affine"), float(0.5), int(1));
  assertEquals(read(whole), { shape: [2, 3], data: [7.5, -1.5, 1, -1, -0.5, 3] });
  const channels = (axis: number) =>
    quantised(
      named("torch", "per_channel_affine"),
      tensor(storage("3", 2), [2]),
      tensor(storage("2", 3, "LongStorage"), [2], { offset: 1 }),
      int(axis),
    );
  assertEquals(read(channels(0)), { shape: [2, 3], data: [8, -1, 1.5, -4, -2, 12] });
  assertRefused(channels(1), "too few or too many scales");
  assertRefused(channels(2), "a quantised tensor of another scheme");
});

const sparse = (layout: string, indices: Code, values: Code, shape: readonly number[]): Code =>
  call(
    "torch._utils",
    "_rebuild_sparse_tensor",
    call("torch.serialization", "_get_layout", text(layout)),
    tuple(indices, values, call("torch", "Size", tuple(...shape.map(int))), code("\x89")),
  );

Deno.test("derived tensors: sparse ones become dense, and numbers at one place add up", () => {
  const indices = tensor(storage("2", 3, "LongStorage"), [1, 3]);
  const values = tensor(storage("0", 6), [3, 2]);
  const coo = (shape: readonly number[]) => sparse("torch.sparse_coo", indices, values, shape);
  assertEquals(read(coo([2, 2])), { shape: [2, 2], data: [4, 6, 5, 6] });
  assertRefused(coo([1, 2]), "outside of its shape");
  assertRefused(coo([2, 3]), "too few or too many numbers");
  assertRefused(coo([2 ** 40, 2]), "claim more than twice");
  assertRefused(sparse("torch.sparse_csr", indices, values, [2, 2]), "another layout than COO");
});

Deno.test("derived tensors: one with the mark neg has the other sign", () => {
  const marked = call(
    "torch._utils",
    "_rebuild_tensor_v2",
    storage("0", 6),
    int(1),
    tuple(int(2)),
    tuple(int(2)),
    code("\x89"),
    code("N"),
    code("}", text("neg"), "\x88s"),
  );
  assertEquals(read(marked), { shape: [2], data: [-2, -4] });
});

Deno.test("derived tensors: two floats of 4 bits in a byte", () => {
  const float4 = (shape: readonly number[]) =>
    call(
      "torch._utils",
      "_rebuild_tensor_v3",
      storage("1", 6, "UntypedStorage"),
      int(0),
      tuple(...shape.map(int)),
      tuple(...shape.map(() => int(1))),
      code("\x89"),
      code("N"),
      named("torch", "float4_e2m1fn_x2"),
    );
  assertEquals(read(float4([2])), { shape: [4], data: [0, 0.5, -4, -6] });
  assertRefused(float4([]), "float4 without dimensions");
});
