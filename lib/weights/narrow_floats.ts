/**
 * Floating-point numbers of 8 and 4 bits, by the names of safetensors. Single precision holds every
 * one of them exactly (OCP 8-bit Floating Point and Microscaling Formats 1.0; the FNUZ kinds are
 * those of ONNX).
 *
 * @module
 */

/** A sign, an exponent and a fraction, from the highest bit on. */
interface Layout {
  readonly exponent: number;
  readonly fraction: number;
  readonly bias: number;
  /** The number of a code, if it is not the one that its bits say. */
  readonly special: (code: number) => number | undefined;
}

const nanAt = (codes: readonly number[]) => (code: number) =>
  codes.includes(code) ? NaN : undefined;

/** The layouts with a sign. */
const LAYOUTS = {
  F8_E4M3: { exponent: 4, fraction: 3, bias: 7, special: nanAt([0x7f, 0xff]) },
  F8_E4M3FNUZ: { exponent: 4, fraction: 3, bias: 8, special: nanAt([0x80]) },
  F8_E5M2FNUZ: { exponent: 5, fraction: 2, bias: 16, special: nanAt([0x80]) },
  F8_E5M2: {
    exponent: 5,
    fraction: 2,
    bias: 15,
    special: (code) => {
      if ((code & 0x7c) !== 0x7c) return undefined;
      return code & 3 ? NaN : code & 0x80 ? -Infinity : Infinity;
    },
  },
  F4: { exponent: 2, fraction: 1, bias: 1, special: () => undefined },
} as const satisfies Readonly<Record<Exclude<NarrowDtype, "F8_E8M0">, Layout>>;

/** The name of a type. `F8_E8M0` has powers of two only; two numbers of `F4` share a byte. */
export type NarrowDtype =
  | "F8_E4M3"
  | "F8_E4M3FNUZ"
  | "F8_E5M2"
  | "F8_E5M2FNUZ"
  | "F8_E8M0"
  | "F4";

/** Whether a type is one of these. */
export const isNarrow = (dtype: string): dtype is NarrowDtype =>
  dtype === "F8_E8M0" || Object.hasOwn(LAYOUTS, dtype);

/** The number of bits of an element. */
export const narrowBits = (dtype: NarrowDtype): number => dtype === "F4" ? 4 : 8;

/** Widens the elements in these bytes. Of two in a byte, the lower half is the first. */
export function widen(dtype: NarrowDtype, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const table = Float32Array.from({ length: 256 }, (_, code) => numberOf(dtype, code));
  if (dtype !== "F4") return new Float32Array(bytes.length).map((_, i) => table[bytes[i]]);
  return new Float32Array(2 * bytes.length).map((_, i) =>
    table[bytes[i >> 1] >> (i % 2 === 0 ? 0 : 4) & 15]
  );
}

function numberOf(dtype: NarrowDtype, code: number): number {
  if (dtype === "F8_E8M0") return code === 255 ? NaN : 2 ** (code - 127);
  const { exponent, fraction, bias, special }: Layout = LAYOUTS[dtype];
  const sign = code >> (exponent + fraction) & 1 ? -1 : 1;
  const power = code >> fraction & (2 ** exponent - 1);
  const digits = (code & (2 ** fraction - 1)) / 2 ** fraction;
  const size = power === 0 ? digits * 2 ** (1 - bias) : (1 + digits) * 2 ** (power - bias);
  return special(code) ?? sign * size;
}
