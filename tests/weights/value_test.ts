import { assertEquals, assertThrows } from "@std/assert";
import { FileRefused } from "../../lib/weights/refused.ts";
import type { Entry } from "../../lib/weights/safetensors.ts";
import { permute, toValue } from "../../lib/weights/value.ts";

Deno.test("toValue: floating-point numbers become single precision, whole numbers 32 bits", () => {
  const entries: [Entry, Float32Array | Int32Array][] = [
    [{ dtype: "F32", shape: [1], data: Float32Array.of(0.5) }, Float32Array.of(0.5)],
    [{ dtype: "F16", shape: [1], data: Float16Array.of(-65504) }, Float32Array.of(-65504)],
    [{ dtype: "BF16", shape: [1], data: Uint16Array.of(0x3f80) }, Float32Array.of(1)],
    [{ dtype: "F64", shape: [1], data: Float64Array.of(Math.PI) }, Float32Array.of(Math.PI)],
    [{ dtype: "I32", shape: [1], data: Int32Array.of(-1) }, Int32Array.of(-1)],
    [{ dtype: "BOOL", shape: [1], data: Uint8Array.of(1) }, Int32Array.of(1)],
    [{ dtype: "U16", shape: [1], data: Uint16Array.of(65535) }, Int32Array.of(65535)],
    [
      { dtype: "I64", shape: [2], data: BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n) },
      Int32Array.of(-(2 ** 31), 2 ** 31 - 1),
    ],
  ];
  for (const [entry, data] of entries) {
    assertEquals(toValue("w", entry), { shape: entry.shape, data });
  }
});

Deno.test("toValue: a whole number beyond 32 bits is refused with the tensor's name", () => {
  const tooLarge: Entry[] = [
    { dtype: "U32", shape: [1], data: Uint32Array.of(2 ** 31) },
    { dtype: "I64", shape: [1], data: BigInt64Array.of(-(2n ** 31n) - 1n) },
    { dtype: "U64", shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
  ];
  for (const entry of tooLarge) {
    assertThrows(() => toValue("fc.w", entry), FileRefused, "tensor fc.w has the number");
  }
});

const numbered = (...shape: number[]) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
});

Deno.test("permute: a matrix is transposed, a vector and a scalar stay", () => {
  assertEquals(permute(numbered(2, 3), [1, 0]), {
    shape: [3, 2],
    data: Float32Array.of(0, 3, 1, 4, 2, 5),
  });
  assertEquals(permute(numbered(3), [0]), numbered(3));
  assertEquals(permute(numbered(), []), numbered());
});

Deno.test("permute: every element of a convolution's weights is at its indices", () => {
  const weights = numbered(4, 3, 2, 5);
  const { shape, data } = permute(weights, [2, 3, 1, 0]);
  assertEquals(shape, [2, 5, 3, 4]);
  let at = 0;
  for (let y = 0; y < 2; y++) {
    for (let x = 0; x < 5; x++) {
      for (let i = 0; i < 3; i++) {
        for (let o = 0; o < 4; o++) assertEquals(data[at++], ((o * 3 + i) * 2 + y) * 5 + x);
      }
    }
  }
  assertEquals(permute({ shape, data }, [3, 2, 0, 1]), weights);
});
