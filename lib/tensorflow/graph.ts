import { setAttribute, type Setters } from "./attributes.ts";
import {
  Attr,
  type Binding,
  DataType,
  describeOp,
  elements,
  type OpAttribute,
  type TensorMetadata,
  typeAttribute,
} from "./binding.ts";
import {
  bufferBytes,
  type CApi,
  cApi,
  cString,
  deepError,
  newTensor,
  type Pointer,
  withStatus,
} from "./c_api.ts";

/**
 * An operation of a graph, where it is not about its outputs: what a run does, or what another one
 * waits for.
 */
export type Operation = Pointer;

/** One output of one operation of a graph. */
export interface Node extends TensorMetadata {
  /**
   * The number that kernels hold: below −1, so that no tensor of the eager binding has it, nor
   * tfjs's for none.
   */
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

/** An operation that is to be added to a graph. */
interface OperationDescription {
  /** The op's name in TensorFlow. */
  readonly op: string;
  /** What it takes; where it has an attribute `N`, the first `N` of them are one list. */
  readonly inputs: readonly Node[];
  /** Its attributes. */
  readonly attributes: readonly OpAttribute[];
  /** What must have run before. Default: only its inputs. */
  readonly after?: readonly Operation[];
}

/** velocity ← momentum · velocity + gradient; variable ← variable − rate · velocity. */
export interface MomentumUpdate {
  /** The handle of what moves. */
  readonly variable: Node;
  /** The handle of what remembers the gradients before. */
  readonly velocity: Node;
  /** The learning rate, a scalar. */
  readonly rate: Node;
  /** This step's gradient. */
  readonly gradient: Node;
  /** How much of the velocity stays, a scalar. */
  readonly momentum: Node;
  /**
   * Whether the variable moves ahead of the velocity: by rate · (gradient + momentum · velocity)
   * instead.
   */
  readonly nesterov: boolean;
  /** What must have run before. */
  readonly after: readonly Operation[];
}

/** A node as the sixteen bytes of a `TF_Output`. */
export function packed(
  nodes: readonly Pick<Node, "operation" | "index">[],
): Uint8Array<ArrayBuffer> {
  const bytes = new ArrayBuffer(16 * nodes.length);
  const view = new DataView(bytes);
  nodes.forEach(({ operation, index }, i) => {
    view.setBigUint64(16 * i, Deno.UnsafePointer.value(operation), true);
    view.setInt32(16 * i + 8, index, true);
  });
  return new Uint8Array(bytes);
}

/**
 * A TensorFlow graph that tfjs-node's kernels write: where the eager binding runs an op, this one
 * adds a node. Tensors are then symbols, and reading one is an error.
 */
export class Graph implements Binding {
  /** The `TF_Graph`. */
  readonly pointer: Pointer;
  readonly #api: CApi;
  readonly #setters: Setters;
  readonly #nodes: Node[] = [];
  readonly #origins = new Map<string, Error>();

  /** An empty graph. */
  constructor() {
    const api = this.#api = cApi();
    this.pointer = api.TF_NewGraph()!;
    this.#setters = {
      string: api.TF_SetAttrString,
      int: api.TF_SetAttrInt,
      ints: api.TF_SetAttrIntList,
      float: api.TF_SetAttrFloat,
      bool: api.TF_SetAttrBool,
      type: api.TF_SetAttrType,
      shape: api.TF_SetAttrShape,
      tensor: (operation, key, tensor) =>
        withStatus(
          () => "a constant",
          (status) => api.TF_SetAttrTensor(operation, key, tensor, status),
        ),
    };
  }

  /**
   * The node behind the number that a kernel holds. Throws where that is a tensor that was made
   * outside of any step.
   */
  node(id: number): Node {
    const node = this.#nodes[FIRST - id];
    if (!node) {
      throw new Error(
        "a tensor from outside of the step cannot be used in it: make it inside, or make it a variable",
      );
    }
    return node;
  }

  /**
   * Where an operation was added, by its name: an error with its inputs' shapes and that line's
   * stack.
   */
  origin(operation: string): Error | undefined {
    return this.#origins.get(operation);
  }

  /** What the operation behind a node is called in the graph. */
  nameOf({ operation }: Node): string {
    return new Deno.UnsafePointerView(this.#api.TF_OperationName(operation)!).getCString();
  }

  /** The graph as a `GraphDef` in protocol-buffer bytes. */
  definition(): Uint8Array<ArrayBuffer> {
    const api = this.#api;
    const buffer = api.TF_NewBuffer()!;
    try {
      withStatus(
        () => "writing the graph",
        (status) => api.TF_GraphToGraphDef(this.pointer, buffer, status),
      );
      return bufferBytes(buffer);
    } finally {
      api.TF_DeleteBuffer(buffer);
    }
  }

  /** A constant. */
  createTensor(shape: number[], type: number, data: ArrayLike<number> | ArrayBufferView): number {
    const value = newTensor(type, shape, elements(type, data));
    try {
      const attributes = [typeAttribute("dtype", type), {
        name: "value",
        type: Attr.tensor,
        value,
      }];
      return this.#value({ op: "Const", inputs: [], attributes }).id;
    } finally {
      this.#api.TF_DeleteTensor(value);
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
  executeOp(
    op: string,
    attributes: OpAttribute[],
    inputs: number[],
    outputs: number,
  ): TensorMetadata[] {
    return this.#add({ op, inputs: inputs.map((id) => this.node(id)), attributes }, outputs);
  }

  /** What every run is fed: a tensor of this shape, −1 for a side that is not known yet. */
  placeholder(shape: readonly number[], type: number): Node {
    return this.#value({
      op: "Placeholder",
      inputs: [],
      attributes: [typeAttribute("dtype", type), dimensions(shape)],
    });
  }

  /** The handle of a float32 variable of each session over the graph. */
  variable(name: string, shape: readonly number[]): Node {
    const called = { name: "shared_name", type: Attr.string, value: name };
    return this.#value({
      op: "VarHandleOp",
      inputs: [],
      attributes: [DTYPE, dimensions(shape), called],
    });
  }

  /** The value of the variable with this handle. */
  read(variable: Node): Node {
    return this.#value({ op: "ReadVariableOp", inputs: [variable], attributes: [DTYPE] });
  }

  /** The operation that gives a variable a value once `after` have run. */
  assign(variable: Node, value: Node, after: readonly Operation[] = []): Operation {
    return this.#operation({
      op: "AssignVariableOp",
      inputs: [variable, value],
      attributes: [DTYPE],
      after,
    });
  }

  /** The operation that moves a variable by momentum. */
  applyMomentum(
    { variable, velocity, rate, gradient, momentum, nesterov, after }: MomentumUpdate,
  ): Operation {
    return this.#operation({
      op: "ResourceApplyMomentum",
      inputs: [variable, velocity, rate, gradient, momentum],
      attributes: [
        typeAttribute("T", DataType.float32),
        { name: "use_nesterov", type: Attr.bool, value: nesterov },
      ],
      after,
    });
  }

  /** The same numbers as another element type. */
  cast(node: Node, type: number): Node {
    const attributes = [typeAttribute("SrcT", node.dtype), typeAttribute("DstT", type)];
    return this.#value({ op: "Cast", inputs: [node], attributes });
  }

  /** Releases the graph; where the C library is glibc, freed memory goes back to the system. */
  close(): void {
    this.#api.TF_DeleteGraph(this.pointer);
    // glibc keeps freed memory, apart for each of TensorFlow's threads: gigabytes after some dozens
    // of experiments.
    this.#api.malloc_trim?.(0n);
  }

  /** Adds an operation and gives its first `outputs` outputs. */
  #add(description: OperationDescription, outputs: number): Node[] {
    const api = this.#api;
    const operation = this.#operation(description);
    const made: Node[] = [];
    for (let index = 0; index < outputs; index++) {
      const at = packed([{ operation, index }]);
      const dtype = api.TF_OperationOutputType(at);
      const shape = this.#shape(description.op, at);
      const node = { id: FIRST - this.#nodes.length, operation, index, dtype, shape };
      this.#nodes.push(node);
      made.push(node);
    }
    return made;
  }

  #value(description: OperationDescription): Node {
    return this.#add(description, 1)[0];
  }

  #operation({ op, inputs, attributes, after = [] }: OperationDescription): Operation {
    const api = this.#api;
    const unique = `${op}_${this.#origins.size}`;
    const description = api.TF_NewOperation(
      this.pointer,
      cString(op),
      encoder.encode(`${unique}\0`),
    )!;
    const what = describeOp(op, inputs.map((input) => input.shape));
    this.#origins.set(unique, deepError(what));
    const length = attributes.find(isLength)?.value as number | undefined;
    if (length !== undefined) {
      api.TF_AddInputList(description, packed(inputs.slice(0, length)), length);
    }
    for (const input of inputs.slice(length)) api.TF_AddInput(description, packed([input]));
    for (const before of after) api.TF_AddControlInput(description, before);
    for (const attribute of attributes) {
      if (!isLength(attribute)) setAttribute(this.#setters, description, op, attribute);
    }
    return withStatus(() => what, (status) => api.TF_FinishOperation(description, status))!;
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
}

const encoder = new TextEncoder();

/** The number of a graph's first node; those of the next ones count down. */
const FIRST = -2;

/** The length of a list input is set by adding the list. */
const isLength = ({ name }: OpAttribute): boolean => name === "N";

const dimensions = (shape: readonly number[]): OpAttribute => ({
  name: "shape",
  type: Attr.shape,
  value: [...shape],
});

/** The element type of what is read from variables and written to them. */
const DTYPE = typeAttribute("dtype", DataType.float32);
