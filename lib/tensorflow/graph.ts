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
 * An operation of a graph, regardless of its outputs: a target of a run, or a dependency of another
 * operation.
 */
export type Operation = Pointer;

/** One output of one operation of a graph. */
export interface Node extends TensorMetadata {
  /**
   * Number that kernels hold: below −1, so that it differs from the eager binding's numbers and
   * from tfjs's −1 for no tensor. No two graphs of a process have one in common.
   */
  readonly id: number;
  readonly operation: Pointer;
  /** Index of the output. */
  readonly index: number;
  /** Shape of the output. Only an exported graph has an unknown dimension, −1: its batch. */
  readonly shape: number[];
  /** Element type of the output, a number of `DataType`. */
  readonly dtype: number;
}

/** An operation to add to a graph. */
interface OperationDescription {
  /** Name of the op in TensorFlow. */
  readonly op: string;
  /** Inputs. If there is an attribute `N`, the first `N` of them are one list. */
  readonly inputs: readonly Node[];
  readonly attributes: readonly OpAttribute[];
  /** Operations that run before, besides the inputs. Default: none. */
  readonly after?: readonly Operation[];
}

/**
 * A momentum update: velocity ← momentum · velocity + gradient; variable ← variable − rate ·
 * velocity.
 */
export interface MomentumUpdate {
  /** Handle of the variable. */
  readonly variable: Node;
  /** Handle of its velocity. */
  readonly velocity: Node;
  /** Learning rate, a scalar. */
  readonly rate: Node;
  /** Gradient of this step. */
  readonly gradient: Node;
  /** Momentum, a scalar: the part of the velocity that stays. */
  readonly momentum: Node;
  /**
   * Whether to subtract rate · (gradient + momentum · velocity), with the new velocity, instead.
   */
  readonly nesterov: boolean;
  /** Operations that run before. */
  readonly after: readonly Operation[];
}

/**
 * An update by Adam: mean ← β₁ · mean + (1 − β₁) · gradient; square ← β₂ · square + (1 − β₂) ·
 * gradient²; variable ← variable − rate · mean / (√square + epsilon).
 */
export interface AdamUpdate {
  /** Handle of the variable. */
  readonly variable: Node;
  /** Handle of the average of its gradients. */
  readonly mean: Node;
  /** Handle of the average of their squares. */
  readonly square: Node;
  /** Learning rate with the corrections of both averages' starts, a scalar. */
  readonly rate: Node;
  /** β₁ and β₂, scalars. */
  readonly betas: readonly [Node, Node];
  /** Added to √square, a scalar. */
  readonly epsilon: Node;
  /** Gradient of this step. */
  readonly gradient: Node;
  /** The scalar 0. */
  readonly zero: Node;
  /** Operations that run before. */
  readonly after: readonly Operation[];
}

/** An update by gradient descent: variable ← variable − rate · gradient. */
export type DescentUpdate = Pick<MomentumUpdate, "variable" | "rate" | "gradient" | "after">;

/** Encodes each node as the sixteen bytes of a `TF_Output`. */
export function packNodes(
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
 * A TensorFlow graph, built by tfjs-node's kernels: it adds a node where the eager binding runs an
 * op. Its tensors are symbols, and reading one throws.
 */
export class Graph implements Binding {
  /** The `TF_Graph`. */
  readonly pointer: Pointer;
  readonly #api: CApi;
  readonly #setters: Setters;
  readonly #nodes = new Map<number, Node>();
  readonly #origins = new Map<string, Error>();

  /** Creates an empty graph. `bfloat16` is that of its session. Default: false. */
  constructor(readonly bfloat16 = false) {
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
   * Returns the node with the number that a kernel holds. Throws if this is a tensor from outside
   * the step.
   */
  node(id: number): Node {
    const node = this.#nodes.get(id);
    if (!node) {
      throw new Error(
        "a tensor from outside of the step cannot be used in it: make it inside, or make it a variable",
      );
    }
    return node;
  }

  /**
   * Returns the origin of an operation by its name: an error with the shapes of its inputs and the
   * stack of the line that added it. `undefined` if there is no such operation.
   */
  origin(operation: string): Error | undefined {
    return this.#origins.get(operation);
  }

  /** Returns the name of a node's operation in the graph. */
  nameOf({ operation }: Node): string {
    return new Deno.UnsafePointerView(this.#api.TF_OperationName(operation)!).getCString();
  }

  /** Encodes the graph as a `GraphDef` in protocol-buffer bytes. */
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

  /** Adds a constant and returns its number. */
  createTensor(shape: number[], type: number, data: ArrayLike<number> | ArrayBufferView): number {
    const value = newTensor(type, shape, elements(type, data));
    try {
      const attributes = [typeAttribute("dtype", type), {
        name: "value",
        type: Attr.tensor,
        value,
      }];
      return this.#addValue({ op: "Const", inputs: [], attributes }).id;
    } finally {
      this.#api.TF_DeleteTensor(value);
    }
  }

  /** Does nothing, since nodes live as long as their graph. */
  deleteTensor(): void {}

  /** Throws, since there are no values while a step is traced. */
  tensorDataSync(): never {
    throw new Error(
      "a value cannot be read while the step is being traced: keep it a tensor (no dataSync, arraySync, print)",
    );
  }

  /**
   * Adds a node. The shapes of its outputs come from TensorFlow's shape inference. Throws if one
   * depends on values, since tfjs would take it for another shape.
   */
  executeOp(
    op: string,
    attributes: OpAttribute[],
    inputs: number[],
    outputs: number,
  ): TensorMetadata[] {
    const from = inputs.map((id) => this.node(id));
    const nodes = this.#add({ op, inputs: from, attributes }, outputs);
    if (from.every(hasKnownShape) && !nodes.every(hasKnownShape)) {
      throw new Error(
        `the shape of ${op}'s result depends on values, and a step has one shape: mask with 0 and 1 instead`,
      );
    }
    return nodes;
  }

  /** Adds a placeholder for an input of every run, with −1 for each unknown dimension. */
  placeholder(shape: readonly number[], type: number): Node {
    return this.#addValue({
      op: "Placeholder",
      inputs: [],
      attributes: [typeAttribute("dtype", type), dimensions(shape)],
    });
  }

  /**
   * Adds a float32 variable, which each session over the graph has for itself, and returns its
   * handle. Several variables may have one name.
   */
  variable(name: string, shape: readonly number[]): Node {
    const value = `${name}/${this.#origins.size}`;
    const sharedName = { name: "shared_name", type: Attr.string, value };
    return this.#addValue({
      op: "VarHandleOp",
      inputs: [],
      attributes: [DTYPE, dimensions(shape), sharedName],
    });
  }

  /** Adds a read of the variable with this handle after `after` have run. */
  read(variable: Node, after: readonly Operation[] = []): Node {
    return this.#addValue({ op: "ReadVariableOp", inputs: [variable], attributes: [DTYPE], after });
  }

  /** Adds an operation that assigns a value to a variable after `after` have run. */
  assign(variable: Node, value: Node, after: readonly Operation[] = []): Operation {
    return this.#addOperation({
      op: "AssignVariableOp",
      inputs: [variable, value],
      attributes: [DTYPE],
      after,
    });
  }

  /** Adds an operation that updates a variable by momentum. */
  applyMomentum(
    { variable, velocity, rate, gradient, momentum, nesterov, after }: MomentumUpdate,
  ): Operation {
    return this.#addOperation({
      op: "ResourceApplyMomentum",
      inputs: [variable, velocity, rate, gradient, momentum],
      attributes: [
        typeAttribute("T", DataType.float32),
        { name: "use_nesterov", type: Attr.bool, value: nesterov },
      ],
      after,
    });
  }

  /** Adds an operation that updates a variable by Adam. */
  applyAdam(
    { variable, mean, square, rate, betas, epsilon, gradient, zero, after }: AdamUpdate,
  ): Operation {
    // Powers of the betas that are 0 leave TensorFlow's own correction of the rate at 1.
    const inputs = [variable, mean, square, zero, zero, rate, ...betas, epsilon, gradient];
    return this.#addOperation({
      op: "ResourceApplyAdam",
      inputs,
      attributes: [typeAttribute("T", DataType.float32)],
      after,
    });
  }

  /** Adds an operation that updates a variable by gradient descent. */
  applyGradientDescent({ variable, rate, gradient, after }: DescentUpdate): Operation {
    return this.#addOperation({
      op: "ResourceApplyGradientDescent",
      inputs: [variable, rate, gradient],
      attributes: [typeAttribute("T", DataType.float32)],
      after,
    });
  }

  /** Adds a cast to another element type. */
  cast(node: Node, type: number): Node {
    const attributes = [typeAttribute("SrcT", node.dtype), typeAttribute("DstT", type)];
    return this.#addValue({ op: "Cast", inputs: [node], attributes });
  }

  /** Releases the graph. With glibc, its memory returns to the system. */
  close(): void {
    this.#api.TF_DeleteGraph(this.pointer);
    // glibc keeps freed memory separately for each of TensorFlow's threads: gigabytes after some
    // dozens of experiments.
    this.#api.malloc_trim?.(0n);
  }

  /** Adds an operation and returns its first `outputs` outputs. */
  #add(description: OperationDescription, outputs: number): Node[] {
    const api = this.#api;
    const operation = this.#addOperation(description);
    const nodes: Node[] = [];
    for (let index = 0; index < outputs; index++) {
      const at = packNodes([{ operation, index }]);
      const dtype = api.TF_OperationOutputType(at);
      const shape = this.#inferShape(description.op, at);
      const node = { id: next--, operation, index, dtype, shape };
      this.#nodes.set(node.id, node);
      nodes.push(node);
    }
    return nodes;
  }

  #addValue(description: OperationDescription): Node {
    return this.#add(description, 1)[0];
  }

  #addOperation({ op, inputs, attributes, after = [] }: OperationDescription): Operation {
    const api = this.#api;
    const uniqueName = `${op.replace(/^_/, "")}_${this.#origins.size}`;
    const description = api.TF_NewOperation(
      this.pointer,
      cString(op),
      encoder.encode(`${uniqueName}\0`),
    )!;
    const label = describeOp(op, inputs.map((input) => input.shape));
    this.#origins.set(uniqueName, deepError(label));
    const length = attributes.find(isLength)?.value as number | undefined;
    if (length !== undefined) {
      api.TF_AddInputList(description, packNodes(inputs.slice(0, length)), length);
    }
    for (const input of inputs.slice(length)) api.TF_AddInput(description, packNodes([input]));
    for (const before of after) api.TF_AddControlInput(description, before);
    for (const attribute of attributes) {
      if (!isLength(attribute)) setAttribute(this.#setters, description, op, attribute);
    }
    return withStatus(() => label, (status) => api.TF_FinishOperation(description, status))!;
  }

  #inferShape(name: string, at: Uint8Array<ArrayBuffer>): number[] {
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

/** Number of the next node of any graph. */
let next = -2;

const hasKnownShape = ({ shape }: Node): boolean => !shape.includes(-1);

/** Whether an attribute is the length of a list input, which adding the list sets. */
const isLength = ({ name }: OpAttribute): boolean => name === "N";

const dimensions = (shape: readonly number[]): OpAttribute => ({
  name: "shape",
  type: Attr.shape,
  value: [...shape],
});

/** Element type of variables. */
const DTYPE = typeAttribute("dtype", DataType.float32);
