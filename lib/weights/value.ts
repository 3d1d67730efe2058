import type { Value } from "./checkpoint.ts";
import { legible } from "../values/legible.ts";
import { damaged } from "./refused.ts";
import { type Entry, toFloat32 } from "./safetensors.ts";

/**
 * A tensor of a file as we keep it: floating-point numbers in single precision, whole numbers and booleans in 32 bits.
 * Throws a `Refused` that has its name where a whole number needs more.
 */
export function toValue(name: string, entry: Entry): Value {
  const { dtype, shape, data } = entry;
  if (dtype === "I32") return { shape, data };
  if (dtype === "F32" || dtype === "F16" || dtype === "BF16" || dtype === "F64") {
    return { shape, data: toFloat32(entry) };
  }
  const narrow = new Int32Array(data.length);
  for (let i = 0; i < narrow.length; i++) {
    narrow[i] = Number(data[i]);
    if (narrow[i] !== Number(data[i])) {
      throw damaged(`its tensor ${legible(name)} has the number ${data[i]}, beyond 32 bits`);
    }
  }
  return { shape, data: narrow };
}
