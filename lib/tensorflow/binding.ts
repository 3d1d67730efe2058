/** TensorFlow's numbers for the element types that Retort uses. */
export const DataType = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  resource: 20,
} as const;

/** Returns the element type of an array. */
export function dataTypeOf(data: Float32Array | Int32Array | Uint8Array): number {
  return data instanceof Float32Array
    ? DataType.float32
    : data instanceof Int32Array
    ? DataType.int32
    : DataType.uint8;
}

/** A native tensor as tfjs-node represents it. */
export interface TensorMetadata {
  /** Number of the tensor in the binding. */
  readonly id: number;
  readonly shape: number[];
  /** Element type, a number of `DataType`. */
  readonly dtype: number;
}

/** An attribute of an op. */
export interface OpAttribute {
  /** Name in TensorFlow. */
  readonly name: string;
  /** Kind, a number of `Attr`. */
  readonly type: number;
  readonly value: boolean | number | object | string | number[];
}

/** Kinds of op attributes, in the numbers of tfjs-node's kernels. No kernel uses `tensor`. */
export const Attr = {
  string: 0,
  /** One whole number or several. */
  int: 1,
  float: 2,
  bool: 3,
  type: 4,
  shape: 5,
  resource: 6,
  /** A `TF_Tensor`: the elements of a constant. */
  tensor: 7,
} as const;

/** Creates the attribute for the element type of an op's parameter, such as `T` of most ops. */
export function typeAttribute(name: string, type: number): OpAttribute {
  return { name, type: Attr.type, value: type };
}

/** Part of tfjs-node's native interface that its kernels call and that Retort implements. */
export interface Binding {
  /** Whether TensorFlow computes convolutions and products of what it receives in bfloat16. */
  readonly bfloat16: boolean;
  /** Creates a tensor with these elements and returns its number. */
  createTensor(shape: number[], type: number, data: ArrayLike<number> | ArrayBufferView): number;
  /** Releases a tensor. */
  deleteTensor(id: number): void;
  /** Returns the elements of a tensor. Throws while a graph is traced. */
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  /** Runs or records one op. `outputs` is the number of its outputs. */
  executeOp(
    name: string,
    attributes: OpAttribute[],
    inputs: number[],
    outputs: number,
  ): TensorMetadata[];
}

/** Converts elements to the array type that TensorFlow stores for `type`. */
export function elements(type: number, data: ArrayLike<number> | ArrayBufferView): ArrayBufferView {
  switch (type) {
    case DataType.float32:
      return data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>);
    case DataType.int32:
      return data instanceof Int32Array ? data : Int32Array.from(data as ArrayLike<number>);
    case DataType.int64:
      // tfjs-node passes an int64 scalar as the two halves of its bytes.
      return data as ArrayBufferView;
    case DataType.bool:
    case DataType.uint8:
      return data instanceof Uint8Array ? data : Uint8Array.from(data as ArrayLike<number>);
    case DataType.complex64:
      return data as ArrayBufferView;
    default:
      throw new Error(`TensorFlow's element type ${type} cannot be created from JavaScript`);
  }
}

/** Formats an op's name and the shapes of its inputs for error messages: `MatMul([4,8] [9,2])`. */
export function describeOp(name: string, shapes: readonly (readonly number[])[]): string {
  return `${name}(${shapes.map((shape) => `[${shape}]`).join(" ")})`;
}
