/**
 * Tensors that PyTorch computes from others when it loads them.
 *
 * @module
 */
import { refuseDamaged } from "../refused.ts";
import { widen } from "../narrow_floats.ts";
import type { Value } from "../value.ts";
import {
  countOf,
  DerivedTensor,
  isCount,
  isCounts,
  packedStrides,
  type Pickled,
  PickledName,
  PickledObject,
  PickledTensor,
} from "./objects.ts";

/** The tensor with the other sign. */
export const negated = (tensor: PickledTensor): DerivedTensor =>
  new DerivedTensor(tensor.shape, [tensor], ([{ data }]) => Float32Array.from(data, (x) => -x));

/** The floats of 4 bits in a tensor of bytes. Its last dimension has twice as many. */
export function halves(pairs: PickledTensor): DerivedTensor | PickledObject {
  if (pairs.shape.length === 0) return new PickledObject("a tensor of float4 without dimensions");
  const shape = [...pairs.shape.slice(0, -1), 2 * pairs.shape.at(-1)!];
  return new DerivedTensor(shape, [pairs], ([{ data }]) => widen("F4", Uint8Array.from(data)));
}

/**
 * A quantised tensor: `(number − zero point) · scale`, with one scale and zero point, or one for each
 * index along an axis. PyTorch's values, but for a last digit where its scales are of double
 * precision. A record if it is of another kind.
 */
export function quantised(codes: PickledTensor, quantiser: Pickled): DerivedTensor | PickledObject {
  const [scheme, scale, zero, axis] = Array.isArray(quantiser) ? quantiser : [];
  const name = scheme instanceof PickledName ? scheme.name : "";
  if (
    name === "torch.per_tensor_affine" && typeof scale === "number" && typeof zero === "number"
  ) {
    const step = Math.fround(scale);
    return new DerivedTensor(
      codes.shape,
      [codes],
      ([{ data }]) => Float32Array.from(data, (x) => (x - zero) * step),
    );
  }
  if (
    name.startsWith("torch.per_channel_affine") && isCount(axis) && axis < codes.shape.length &&
    scale instanceof PickledTensor && zero instanceof PickledTensor
  ) {
    const run = packedStrides(codes.shape)[axis];
    const channels = codes.shape[axis];
    return new DerivedTensor(codes.shape, [codes, scale, zero], ([{ data }, scales, zeros]) => {
      if (scales.data.length !== channels || zeros.data.length !== channels) {
        throw refuseDamaged("a quantised tensor of it has too few or too many scales");
      }
      const channel = (i: number) => Math.floor(i / run) % channels;
      return Float32Array.from(
        data,
        (x, i) => (x - zeros.data[channel(i)]) * scales.data[channel(i)],
      );
    });
  }
  return new PickledObject("a quantised tensor of another scheme");
}

/**
 * A sparse tensor of the layout COO, `(indices, values, size)`, as a dense one. A record if it is of
 * another layout.
 */
export function sparse(layout: Pickled, parts: Pickled): DerivedTensor | PickledObject {
  const [indices, values, shape] = Array.isArray(parts) ? parts : [];
  if (
    layout !== "torch.sparse_coo" || !(indices instanceof PickledTensor) ||
    !(values instanceof PickledTensor) || !isCounts(shape) || shape.length > 64 ||
    indices.shape.length !== 2 || values.shape.length === 0
  ) {
    return new PickledObject(
      "a sparse tensor of another layout than COO, which to_dense makes dense",
    );
  }
  const size = [...shape];
  return new DerivedTensor(
    size,
    [indices, values],
    ([places, entries]) => scatter(size, places, entries),
  );
}

/** Adds the entries to zeros. `places` has a row for each of the first dimensions. */
function scatter(shape: readonly number[], places: Value, entries: Value): Float32Array {
  const [rows, count] = places.shape;
  const block = countOf(shape.slice(rows));
  if (rows > shape.length || entries.data.length !== count * block) {
    throw refuseDamaged("a sparse tensor of it has too few or too many numbers");
  }
  const strides = packedStrides(shape);
  const dense = new Float32Array(countOf(shape));
  for (let i = 0; i < count; i++) {
    let start = 0;
    for (let row = 0; row < rows; row++) {
      const index = places.data[row * count + i];
      if (!(index >= 0 && index < shape[row])) {
        throw refuseDamaged("a sparse tensor of it has a number outside of its shape");
      }
      start += index * strides[row];
    }
    for (let j = 0; j < block; j++) dense[start + j] += entries.data[i * block + j];
  }
  return dense;
}
