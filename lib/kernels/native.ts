import type { Tensor } from "./tensor.ts";
import { type NativeBackend, nativeBackend } from "../tensorflow/backend.ts";
import {
  DataType,
  type OpAttribute,
  type TensorMetadata,
  typeAttribute,
} from "../tensorflow/binding.ts";

/** The attribute `T` of the ops that compute with float32. */
export const FLOAT: OpAttribute = typeAttribute("T", DataType.float32);

/** A tensor of TensorFlow's, of any element type: tfjs has fewer of them. */
export type NativeTensor = Pick<TensorMetadata, "id">;

/** TensorFlow's ops one after the other, on tensors that tfjs need not know. */
export interface Chain {
  /** Runs one op and gives so many of its outputs. Default: one. */
  op(
    name: string,
    inputs: readonly NativeTensor[],
    attributes: OpAttribute[],
    outputs?: number,
  ): TensorMetadata[];
  /** A constant. */
  constant(shape: number[], type: number, data: ArrayBufferView): NativeTensor;
}

/** TensorFlow's ops as kernels call them. */
export interface Native {
  /** Runs one op and gives so many of its outputs. Default: one. */
  op(name: string, inputs: Tensor[], attributes: OpAttribute[], outputs?: number): Tensor[];
  /** Runs several ops on tensors; what they make on the way is released. */
  chain(
    inputs: Tensor[],
    build: (chain: Chain, ...inputs: NativeTensor[]) => readonly TensorMetadata[],
  ): Tensor[];
}

/**
 * What a kernel gives: what it makes with TensorFlow's ops or, where these are not to be had (on
 * tfjs's own backend, in a graph that tfjs shall know too), what its twin makes with tfjs's.
 */
export function nativeOr<T>(twin: () => T, kernel: (native: Native) => T): T {
  const backend = nativeBackend();
  if (!backend) return twin();
  return kernel({
    op: (name, inputs, attributes, outputs = 1) =>
      backend.binding.executeOp(name, attributes, backend.getInputTensorIds(inputs), outputs)
        .map((output) => backend.createOutputTensor(output)),
    chain: (inputs, build) => runChain(backend, inputs, build),
  });
}

function runChain(
  backend: NativeBackend,
  inputs: Tensor[],
  build: Parameters<Native["chain"]>[1],
): Tensor[] {
  const { binding } = backend;
  const made = new Set<number>();
  const chain: Chain = {
    op(name, inputs, attributes, outputs = 1) {
      const results = binding.executeOp(name, attributes, inputs.map(({ id }) => id), outputs);
      for (const { id } of results) made.add(id);
      return results;
    },
    constant(shape, type, data) {
      const id = binding.createTensor(shape, type, data);
      made.add(id);
      return { id };
    },
  };
  try {
    return build(chain, ...backend.getInputTensorIds(inputs).map((id) => ({ id }))).map(
      (result) => {
        made.delete(result.id);
        return backend.createOutputTensor(result);
      },
    );
  } finally {
    for (const id of made) binding.deleteTensor(id);
  }
}
