import { assert, assertEquals } from "@std/assert";
import { plain } from "../../../lib/weights/pytorch/numpy.ts";
import {
  type Pickled,
  PickledObject,
  PickledTensor,
} from "../../../lib/weights/pytorch/objects.ts";
import { readTensors } from "../../../lib/weights/pytorch/tensors.ts";
import { unpickle } from "../../../lib/weights/pytorch/unpickle.ts";
import {
  bytesOf,
  call,
  type Code,
  code,
  floats,
  int,
  numpyArray,
  numpyScalar,
  numpyType,
  pickle,
  text,
  tuple,
} from "../../support/torch_file.ts";

const read = (value: Code): Pickled => plain(unpickle(pickle(value)).value);

const bytes = (array: { readonly buffer: ArrayBuffer }) => new Uint8Array(array.buffer);

/** The shape and the numbers of an array in the pickle. */
function numbers(value: Code): unknown {
  const tensor = read(value);
  assert(tensor instanceof PickledTensor);
  const saved = { value: null, size: () => undefined, read: () => new Uint8Array() };
  const { shape, data } = readTensors(saved, new Map([["a", tensor]]), 1000).get("a")!;
  return { shape: [...shape], data: [...data] };
}

Deno.test("numpy: scalars are numbers, booleans and strings", () => {
  const scalars: [Code, Pickled][] = [
    [numpyScalar("f8", bytes(Float64Array.of(71.25))), 71.25],
    [numpyScalar("f4", bytes(Float32Array.of(0.5))), 0.5],
    [numpyScalar("f2", bytes(Float16Array.of(0.5))), 0.5],
    [numpyScalar("f4", bytes(Float32Array.of(0.5)).reverse(), ">"), 0.5],
    [numpyScalar("i8", bytes(BigInt64Array.of(-3n))), -3],
    [numpyScalar("u8", bytes(BigUint64Array.of(2n ** 63n))), 2n ** 63n],
    [numpyScalar("b1", Uint8Array.of(1)), true],
    [numpyScalar("U3", bytes(Uint32Array.of(0x68, 0xe9, 0))), "hé"],
    [numpyScalar("S2", Uint8Array.of(97, 98)), "ab"],
    [
      call("numpy.core.multiarray", "scalar", numpyType("f4"), code("U\x04\x00\x00\x00\x3f")),
      0.5,
    ],
    // Python 2 wrote bytes as a text; some of them are other letters in Windows' alphabet.
    [
      call("numpy.core.multiarray", "scalar", numpyType("f4"), code("U\x04\x80\x99\x9f\x3f")),
      new Float32Array(Uint8Array.of(0x80, 0x99, 0x9f, 0x3f).buffer)[0],
    ],
  ];
  for (const [value, expected] of scalars) assertEquals(read(value), expected);
  for (const [kind, size] of [["c8", 8], ["M8", 8], ["f8", 4], ["toString", 1]] as const) {
    assert(read(numpyScalar(kind, new Uint8Array(size))) instanceof PickledObject);
  }
});

Deno.test("numpy: arrays of numbers are tensors, in either order and of any protocol", () => {
  const six = floats(1, 2, 3, 4, 5, 6);
  const big = floats(1, 2);
  for (const at of [0, 4]) big.subarray(at, at + 4).reverse();
  const inBand = call(
    "numpy._core.numeric",
    "_frombuffer",
    bytesOf(floats(1, 2)),
    numpyType("f4"),
    tuple(int(2)),
    text("C"),
  );
  const device = call(
    "torch._utils",
    "_rebuild_device_tensor_from_numpy",
    numpyArray("f4", [2], floats(1, 2)),
  );
  const arrays: [Code, { shape: number[]; data: number[] }][] = [
    [numpyArray("f4", [2, 3], six), { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }],
    [
      numpyArray("f4", [2, 3], six, { isFortran: true }),
      { shape: [2, 3], data: [1, 3, 5, 2, 4, 6] },
    ],
    [numpyArray("f4", [2], big, { order: ">" }), { shape: [2], data: [1, 2] }],
    [numpyArray("i8", [1], bytes(BigInt64Array.of(-3n))), { shape: [1], data: [-3] }],
    [numpyArray("f4", [0, 3], new Uint8Array()), { shape: [0, 3], data: [] }],
    [inBand, { shape: [2], data: [1, 2] }],
    [device, { shape: [2], data: [1, 2] }],
  ];
  for (const [value, expected] of arrays) assertEquals(numbers(value), expected);
});

Deno.test("numpy: an array of other elements, or of the wrong length, is an inert record", () => {
  const others: [string, number[], number][] = [
    ["O8", [1], 8],
    ["f4", [2], 4],
    ["f4", [2 ** 52, 2 ** 52], 4],
  ];
  for (const [kind, shape, length] of others) {
    assert(read(numpyArray(kind, shape, new Uint8Array(length))) instanceof PickledObject);
  }
  assert(read(call("numpy.core.multiarray", "_reconstruct")) instanceof PickledObject);
});
