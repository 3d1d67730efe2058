/** TensorFlow's numbers of the element types that Retort uses. */
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
  uint32: 22,
  uint64: 23,
} as const;

/** The element type of an array's numbers. */
export function dataTypeOf(data: Float32Array | Int32Array | Uint8Array): number {
  return data instanceof Float32Array
    ? DataType.float32
    : data instanceof Int32Array
    ? DataType.int32
    : DataType.uint8;
}

/** A native tensor as tfjs-node knows it. */
export interface TensorMetadata {
  /** Its number at the binding. */
  readonly id: number;
  /** Its dimensions. */
  readonly shape: number[];
  /** Its element type, a number of `DataType`. */
  readonly dtype: number;
}

/** One attribute of an op. */
export interface OpAttribute {
  /** Its name in TensorFlow. */
  readonly name: string;
  /** What it is, a number of `Attr`. */
  readonly type: number;
  /** Its value. */
  readonly value: boolean | number | object | string | number[];
}

/**
 * What an op's attribute is, in the numbers that tfjs-node's kernels are handed; a tensor is no
 * kernel's.
 */
export const Attr = {
  /** Text. */
  string: 0,
  /** A whole number or several. */
  int: 1,
  /** A number. */
  float: 2,
  /** Yes or no. */
  bool: 3,
  /** An element type. */
  type: 4,
  /** Dimensions. */
  shape: 5,
  /** A handle. */
  resource: 6,
  /** A `TF_Tensor`: the elements of a constant. */
  tensor: 7,
} as const;

/** The attribute that says which element type a parameter of an op is, such as `T` of most ops. */
export function typeAttribute(name: string, type: number): OpAttribute {
  return { name, type: Attr.type, value: type };
}

/** The part of tfjs-node's native interface that its kernels call and that Retort implements. */
export interface Binding {
  /** A tensor of these elements; returns its number. */
  createTensor(shape: number[], type: number, data: ArrayLike<number> | ArrayBufferView): number;
  /** Releases a tensor. */
  deleteTensor(id: number): void;
  /** The elements of a tensor; an error while tracing. */
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  /** Runs or records one op: its name, attributes, inputs and how many outputs it has. */
  executeOp(
    name: string,
    attributes: OpAttribute[],
    inputs: number[],
    outputs: number,
  ): TensorMetadata[];
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
export function describeOp(name: string, shapes: readonly (readonly number[])[]): string {
  return `${name}(${shapes.map((shape) => `[${shape}]`).join(" ")})`;
}
