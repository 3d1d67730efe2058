import { assertEquals, assertThrows } from "@std/assert";
import { Refused } from "../../lib/weights/refused.ts";
import type { Entry } from "../../lib/weights/safetensors.ts";
import { toValue } from "../../lib/weights/value.ts";

Deno.test("floating-point numbers become single precision, whole ones 32 bits", () => {
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
  for (const [entry, data] of entries) assertEquals(toValue("w", entry), { shape: entry.shape, data });
});

Deno.test("a whole number beyond 32 bits is refused with the tensor's name", () => {
  const tooLarge: Entry[] = [
    { dtype: "U32", shape: [1], data: Uint32Array.of(2 ** 31) },
    { dtype: "I64", shape: [1], data: BigInt64Array.of(-(2n ** 31n) - 1n) },
    { dtype: "U64", shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
  ];
  for (const entry of tooLarge) assertThrows(() => toValue("fc.w", entry), Refused, "tensor fc.w has the number");
});
