import type { Tensor } from "./tensor.ts";
import { type NativeBackend, nativeBackend } from "../tensorflow/backend.ts";
import {
  DataType,
  type OpAttribute,
  type TensorMetadata,
  typeAttribute,
} from "../tensorflow/binding.ts";

/** The attribute `T` of ops on float32. */
export const FLOAT: OpAttribute = typeAttribute("T", DataType.float32);

/** A TensorFlow tensor of any element type: tfjs has fewer types. */
export type NativeTensor = Pick<TensorMetadata, "id">;

/** A sequence of TensorFlow ops on tensors that tfjs need not know. */
export interface Chain {
  /** Runs one op with this many outputs. Default: 1. */
  op(
    name: string,
    inputs: readonly NativeTensor[],
    attributes: OpAttribute[],
    outputs?: number,
  ): TensorMetadata[];
  constant(shape: number[], type: number, data: ArrayBufferView): NativeTensor;
}

/** TensorFlow's ops for kernels. */
export interface Native {
  /** Whether convolutions and products are computed in bfloat16. */
  readonly bfloat16: boolean;
  /** Runs one op with this many outputs. Default: 1. */
  op(name: string, inputs: Tensor[], attributes: OpAttribute[], outputs?: number): Tensor[];
  /** Runs several ops on tensors and releases the intermediate results. */
  chain(
    inputs: Tensor[],
    build: (chain: Chain, ...inputs: NativeTensor[]) => readonly TensorMetadata[],
  ): Tensor[];
}

/**
 * Runs a kernel on TensorFlow's ops. Runs its twin on tfjs's ops if TensorFlow's are not available:
 * on tfjs's own backend, or in a graph that tfjs must know too.
 */
export function nativeOr<T>(twin: () => T, kernel: (native: Native) => T): T {
  const backend = nativeBackend();
  if (!backend) return twin();
  return kernel({
    bfloat16: backend.binding.bfloat16,
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
  const ids = new Set<number>();
  const chain: Chain = {
    op(name, inputs, attributes, outputs = 1) {
      const results = binding.executeOp(name, attributes, inputs.map(({ id }) => id), outputs);
      for (const { id } of results) ids.add(id);
      return results;
    },
    constant(shape, type, data) {
      const id = binding.createTensor(shape, type, data);
      ids.add(id);
      return { id };
    },
  };
  try {
    return build(chain, ...backend.getInputTensorIds(inputs).map((id) => ({ id }))).map(
      (result) => {
        ids.delete(result.id);
        return backend.createOutputTensor(result);
      },
    );
  } finally {
    for (const id of ids) binding.deleteTensor(id);
  }
}
