import { setAttribute, type Setters } from "./attributes.ts";
import {
  type Binding,
  DataType,
  describeOp,
  elements,
  type OpAttribute,
  type TensorMetadata,
} from "./binding.ts";
import {
  type CApi,
  cApi,
  check,
  cString,
  newString,
  newTensor,
  type Pointer,
  tensorData,
  withStatus,
} from "./c_api.ts";
import { configProto, type ProcessConfig } from "./config.ts";

/** Runs each op immediately, through TensorFlow's eager interface. */
export class EagerBinding implements Binding {
  /** False: TensorFlow changes the precision of graphs only. */
  readonly bfloat16 = false;
  readonly #api: CApi;
  readonly #context: Pointer;
  readonly #setters: Setters;
  readonly #status: Pointer;
  readonly #handles = new Map<number, Pointer>();
  readonly #shapes = new Map<number, number[]>();
  /** The bytes of strings, which TensorFlow reads where they are. */
  readonly #strings = new Map<number, Uint8Array>();
  #next = 0;

  /**
   * Creates an eager context, which lives as long as the process, or uses one of another thread by
   * its address.
   */
  constructor(config: ProcessConfig | { readonly context: bigint } = {}) {
    const api = this.#api = cApi();
    this.#setters = {
      string: api.TFE_OpSetAttrString,
      int: api.TFE_OpSetAttrInt,
      ints: api.TFE_OpSetAttrIntList,
      float: api.TFE_OpSetAttrFloat,
      bool: api.TFE_OpSetAttrBool,
      type: api.TFE_OpSetAttrType,
      shape: (operation, key, sides, rank) =>
        withStatus(
          () => "an op's shape",
          (status) => api.TFE_OpSetAttrShape(operation, key, sides, rank, status),
        ),
    };
    this.#status = api.TF_NewStatus()!;
    if ("context" in config) {
      this.#context = Deno.UnsafePointer.create(config.context)!;
      return;
    }
    const options = api.TFE_NewContextOptions()!;
    try {
      const proto = configProto(config);
      api.TFE_ContextOptionsSetConfig(options, proto, BigInt(proto.length), this.#status);
      check(this.#status, () => "configuring the eager context");
      this.#context = api.TFE_NewContext(options, this.#status)!;
      check(this.#status, () => "making the eager context");
    } finally {
      api.TFE_DeleteContextOptions(options);
    }
  }

  /** The address of the context, which several threads may use. */
  get context(): bigint {
    return Deno.UnsafePointer.value(this.#context);
  }

  /** Number of tensors in memory. */
  get count(): number {
    return this.#handles.size;
  }

  /** Creates a tensor with a copy of these elements and returns its number. */
  createTensor(shape: number[], type: number, data: ArrayLike<number> | ArrayBufferView): number {
    return this.#keepTensor(newTensor(type, shape, elements(type, data)), shape);
  }

  /** Creates a scalar tensor with a copy of a string's bytes and returns its number. */
  createString(bytes: Uint8Array): number {
    const copy = new Uint8Array(bytes);
    const id = this.#keepTensor(newString(copy), []);
    this.#strings.set(id, copy);
    return id;
  }

  /** Releases a tensor. */
  deleteTensor(id: number): void {
    this.#api.TFE_DeleteTensorHandle(this.#handle(id));
    this.#handles.delete(id);
    this.#shapes.delete(id);
    this.#strings.delete(id);
  }

  /** Returns a copy of a tensor's elements. */
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array {
    const api = this.#api;
    const tensor = withStatus(
      () => "reading a tensor",
      (status) => api.TFE_TensorHandleResolve(this.#handle(id), status),
    )!;
    try {
      return tensorData(tensor);
    } finally {
      api.TF_DeleteTensor(tensor);
    }
  }

  /** Runs one op. */
  executeOp(
    name: string,
    attributes: OpAttribute[],
    inputs: number[],
    outputs: number,
  ): TensorMetadata[] {
    const api = this.#api;
    const status = this.#status;
    const action = () => describeOp(name, inputs.map((id) => this.#shapes.get(id) ?? []));
    const op = api.TFE_NewOp(this.#context, cString(name), status);
    check(status, action);
    try {
      for (const attribute of attributes) setAttribute(this.#setters, op!, name, attribute);
      for (const id of inputs) {
        api.TFE_OpAddInput(op, this.#handle(id), status);
        check(status, action);
      }
      const results = new BigUint64Array(outputs);
      const count = Int32Array.of(outputs);
      api.TFE_Execute(op, results, count, status);
      check(status, action);
      return Array.from(results, (address) => this.#metadata(Deno.UnsafePointer.create(address)!));
    } finally {
      api.TFE_DeleteOp(op);
    }
  }

  #handle(id: number): Pointer {
    const handle = this.#handles.get(id);
    if (!handle) {
      throw new Error("a tensor created while a step was traced has no value outside the step");
    }
    return handle;
  }

  #keepTensor(tensor: Pointer, shape: number[]): number {
    const api = this.#api;
    try {
      return this.#keep(
        withStatus(() => "a tensor's handle", (status) => api.TFE_NewTensorHandle(tensor, status))!,
        shape,
      );
    } finally {
      api.TF_DeleteTensor(tensor);
    }
  }

  #keep(handle: Pointer, shape: number[]): number {
    const id = this.#next++;
    this.#handles.set(id, handle);
    this.#shapes.set(id, shape);
    return id;
  }

  #metadata(handle: Pointer): TensorMetadata {
    const api = this.#api;
    const dtype = api.TFE_TensorHandleDataType(handle);
    const rank = dtype === DataType.resource
      ? 0
      : api.TFE_TensorHandleNumDims(handle, this.#status);
    const shape = Array.from(
      { length: rank },
      (_, i) => Number(api.TFE_TensorHandleDim(handle, i, this.#status)),
    );
    return { id: this.#keep(handle, shape), shape, dtype };
  }
}
