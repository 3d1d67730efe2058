import type { TensorMetadata, TFEOpAttr, TFJSBinding } from "@tensorflow/tfjs-node-gpu/dist/tfjs_binding.d.ts";
import { DataType } from "./c_api.ts";

export type { TensorMetadata, TFEOpAttr, TFJSBinding };

/** What an op's attribute is, in the numbers that both bindings hand to tfjs-node's kernels. */
export const Attr = { string: 0, int: 1, float: 2, bool: 3, type: 4, shape: 5, resource: 6 } as const;

/** The part of tfjs-node's native interface that its kernels call and that Retort implements. */
export interface Binding {
  /** A tensor of these elements; returns its number. */
  createTensor(shape: number[], type: number, data: ArrayLike<number> | ArrayBufferView): number;
  /** Releases a tensor. */
  deleteTensor(id: number): void;
  /** The elements of a tensor; an error while tracing. */
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  /** Runs or records one op: its name, attributes, inputs and how many outputs it has. */
  executeOp(name: string, attributes: TFEOpAttr[], inputs: number[], outputs: number): TensorMetadata[];
}

/** Elements in the array type that TensorFlow stores for `type`. */
export function elements(type: number, data: ArrayLike<number> | ArrayBufferView): ArrayBufferView {
  switch (type) {
    case DataType.float32:
      return data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>);
    case DataType.int32:
      return data instanceof Int32Array ? data : Int32Array.from(data as ArrayLike<number>);
    case DataType.int64:
      // tfjs-node hands an int64 scalar over as the two halves of its bytes.
      return data as ArrayBufferView;
    case DataType.bool:
    case DataType.uint8:
      return data instanceof Uint8Array ? data : Uint8Array.from(data as ArrayLike<number>);
    case DataType.complex64:
      return data as ArrayBufferView;
    default:
      throw new Error(`TensorFlow's element type ${type} cannot be made from JavaScript`);
  }
}

/** An op's name and the shapes that went in, for error messages: `MatMul([4,8] [9,2])`. */
export function described(name: string, shapes: readonly (readonly number[])[]): string {
  return `${name}(${shapes.map((shape) => `[${shape}]`).join(" ")})`;
}
