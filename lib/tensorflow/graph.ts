import { Attr, type Binding, described, elements, type OpAttribute, type TensorMetadata } from "./binding.ts";
import { bufferBytes, type CApi, cApi, cString, deepError, newTensor, type Pointer, withStatus } from "./c_api.ts";

/** One output of one operation of a graph. */
export interface Node extends TensorMetadata {
  /** The number that kernels hold: below −1, so that no tensor of the eager binding has it, nor tfjs's for none. */
  readonly id: number;
  /** The operation. */
  readonly operation: Pointer;
  /** Which of its outputs. */
  readonly index: number;
  /** The output's shape; only a graph that is exported has unknown dimensions, −1: its batch. */
  readonly shape: number[];
  /** The output's element type, a number of `DataType`. */
  readonly dtype: number;
}

/** A node as the sixteen bytes of a `TF_Output`. */
export function packed(nodes: readonly Pick<Node, "operation" | "index">[]): Uint8Array<ArrayBuffer> {
  const bytes = new ArrayBuffer(16 * nodes.length), view = new DataView(bytes);
  nodes.forEach(({ operation, index }, i) => {
    view.setBigUint64(16 * i, Deno.UnsafePointer.value(operation), true);
    view.setInt32(16 * i + 8, index, true);
  });
  return new Uint8Array(bytes);
}

/**
 * A TensorFlow graph that tfjs-node's kernels write: where the eager binding runs an op, this one adds a node. Tensors
 * are then symbols, and reading one is an error.
 */
export class Graph implements Binding {
  /** The `TF_Graph`. */
  readonly pointer: Pointer;
  readonly #api: CApi;
  readonly #nodes: Node[] = [];
  readonly #origins = new Map<string, Error>();

  /** An empty graph. */
  constructor() {
    this.#api = cApi();
    this.pointer = this.#api.TF_NewGraph()!;
  }

  /** The node behind the number that a kernel holds. Throws where that is a tensor that was made outside of any step. */
  node(id: number): Node {
    const node = this.#nodes[FIRST - id];
    if (!node) {
      throw new Error("a tensor from outside of the step cannot be used in it: make it inside, or make it a variable");
    }
    return node;
  }

  /** Where an operation was added, by its name: an error with its inputs' shapes and that line's stack. */
  origin(operation: string): Error | undefined {
    return this.#origins.get(operation);
  }

  /** What the operation behind a node is called in the graph. */
  nameOf({ operation }: Node): string {
    return new Deno.UnsafePointerView(this.#api.TF_OperationName(operation)!).getCString();
  }

  /** The graph as a `GraphDef` in protocol-buffer bytes. */
  definition(): Uint8Array<ArrayBuffer> {
    const api = this.#api, buffer = api.TF_NewBuffer()!;
    try {
      withStatus(() => "writing the graph", (status) => api.TF_GraphToGraphDef(this.pointer, buffer, status));
      return bufferBytes(buffer);
    } finally {
      api.TF_DeleteBuffer(buffer);
    }
  }

  /** A constant. */
  createTensor(shape: number[], type: number, data: ArrayLike<number> | ArrayBufferView): number {
    const api = this.#api, tensor = newTensor(type, shape, elements(type, data));
    try {
      return this.add("Const", [], 1, (operation) => {
        api.TF_SetAttrType(operation, cString("dtype"), type);
        withStatus(() => "Const", (status) => api.TF_SetAttrTensor(operation, cString("value"), tensor, status));
      })[0].id;
    } finally {
      api.TF_DeleteTensor(tensor);
    }
  }

  /** Nodes live as long as their graph. */
  deleteTensor(): void {}

  /** Always an error: while a step is being traced there are no values yet. */
  tensorDataSync(): never {
    throw new Error(
      "a value cannot be read while the step is being traced: keep it a tensor (no dataSync, arraySync, print)",
    );
  }

  /** Adds a node; its outputs' shapes come from TensorFlow's shape inference. */
  executeOp(name: string, attributes: OpAttribute[], inputs: number[], outputs: number): TensorMetadata[] {
    return this.add(name, inputs.map((id) => this.node(id)), outputs, (operation) => {
      for (const attribute of attributes) this.#setAttribute(operation, name, attribute);
    }, attributes.find((attribute) => attribute.name === "N")?.value as number | undefined);
  }

  /**
   * Adds a node by hand. `list` says how many of the first inputs are one list input; `control` what must have run
   * before.
   */
  add(
    name: string,
    inputs: readonly Node[],
    outputs: number,
    attributes: (operation: Pointer) => void = () => {},
    list?: number,
    control: readonly Pointer[] = [],
  ): Node[] {
    const api = this.#api;
    const operation = this.operation(name, inputs, attributes, list, control);
    const made: Node[] = [];
    for (let index = 0; index < outputs; index++) {
      const at = packed([{ operation, index }]), dtype = api.TF_OperationOutputType(at);
      const node = { id: FIRST - this.#nodes.length, operation, index, dtype, shape: this.#shape(name, at) };
      this.#nodes.push(node);
      made.push(node);
    }
    return made;
  }

  /** Adds an operation whose outputs nobody reads. */
  operation(
    name: string,
    inputs: readonly Node[],
    attributes: (operation: Pointer) => void = () => {},
    list?: number,
    control: readonly Pointer[] = [],
  ): Pointer {
    const api = this.#api, unique = `${name}_${this.#origins.size}`;
    const description = api.TF_NewOperation(this.pointer, cString(name), encoder.encode(`${unique}\0`))!;
    const what = described(name, inputs.map((input) => input.shape));
    this.#origins.set(unique, deepError(what));
    let rest = inputs;
    if (list !== undefined) {
      api.TF_AddInputList(description, packed(inputs.slice(0, list)), list);
      rest = inputs.slice(list);
    }
    for (const input of rest) api.TF_AddInput(description, packed([input]));
    for (const before of control) api.TF_AddControlInput(description, before);
    attributes(description);
    return withStatus(() => what, (status) => api.TF_FinishOperation(description, status))!;
  }

  /** Releases the graph. */
  close(): void {
    this.#api.TF_DeleteGraph(this.pointer);
  }

  #shape(name: string, at: Uint8Array<ArrayBuffer>): number[] {
    const api = this.#api;
    return withStatus(() => `the shape of ${name}`, (status) => {
      const rank = api.TF_GraphGetTensorNumDims(this.pointer, at, status);
      if (rank <= 0) return [];
      const dims = new BigInt64Array(rank);
      api.TF_GraphGetTensorShape(this.pointer, at, dims, rank, status);
      return Array.from(dims, Number);
    });
  }

  #setAttribute(operation: Pointer, op: string, { name, type, value }: OpAttribute): void {
    const api = this.#api, key = cString(name);
    switch (type) {
      case Attr.string: {
        const text = encoder.encode(value as string);
        return api.TF_SetAttrString(operation, key, text, BigInt(text.length));
      }
      case Attr.int:
        // The length of a list input is set by adding the list.
        if (name === "N") return;
        return Array.isArray(value)
          ? api.TF_SetAttrIntList(operation, key, BigInt64Array.from(value, BigInt), value.length)
          : api.TF_SetAttrInt(operation, key, BigInt(value as number));
      case Attr.float:
        return api.TF_SetAttrFloat(operation, key, value as number);
      case Attr.bool:
        return api.TF_SetAttrBool(operation, key, value ? 1 : 0);
      case Attr.type:
        return api.TF_SetAttrType(operation, key, value as number);
      case Attr.shape: {
        const shape = value as number[];
        return api.TF_SetAttrShape(operation, key, BigInt64Array.from(shape, BigInt), shape.length);
      }
      default:
        throw new Error(`${op}: an attribute of kind ${type} is not supported`);
    }
  }
}

const encoder = new TextEncoder();

/** The number of a graph's first node; those of the next ones count down. */
const FIRST = -2;
