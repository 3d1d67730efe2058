import { quoteText } from "../values/words.ts";
import { FileRefused } from "./refused.ts";
import { type Entry, toFloat32 } from "./safetensors.ts";

/**
 * Converts a tensor of a file: floating-point numbers to single precision, whole numbers and
 * booleans to 32 bits. Throws a `FileRefused` that names the tensor if a whole number needs more.
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
      throw new FileRefused(
        `is not read: its tensor ${quoteText(name)} has the number ${data[i]}, beyond 32 bits; ` +
          `save it as float32, or without it: del state_dict[${JSON.stringify(name)}]`,
      );
    }
  }
  return { shape, data: narrow };
}

/**
 * Reorders the dimensions of an array of floats: dimension `i` of the result is dimension `axes[i]`
 * of the array.
 */
export function permute({ shape, data }: Value, axes: readonly number[]): Value {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const sizes = axes.map((axis) => shape[axis]);
  const steps = axes.map((axis) => strides[axis]);
  const out = new Float32Array(data.length);
  let to = 0;
  const walk = (axis: number, from: number): void => {
    if (axis === sizes.length) out[to++] = data[from];
    else for (let i = 0; i < sizes[axis]; i++) walk(axis + 1, from + i * steps[axis]);
  };
  walk(0, 0);
  return { shape: sizes, data: out };
}

/** A variable's value: shape and elements, the last dimension running fastest. */
export interface Value {
  /** The size of each dimension. Empty for a scalar. */
  readonly shape: readonly number[];
  /** As many elements as the shape has. */
  readonly data: Float32Array | Int32Array;
}
