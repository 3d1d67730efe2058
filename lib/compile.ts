import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import {
  type Engine,
  type Nested,
  replaceEach,
  type Runnable,
  type StepOutcome,
  type Traced,
  type Ungrouped,
  type Values,
} from "./engine.ts";
import type { Input, Inputs } from "./input.ts";
import { type NativeBackend, nativeBackend, tracing } from "./tensorflow/backend.ts";
import { cApi, type Config, cString, DataType, newTensor, type Pointer } from "./tensorflow/c_api.ts";
import { Graph, type Node } from "./tensorflow/graph.ts";
import { Session } from "./tensorflow/session.ts";
import type { Update, Variable } from "./variables.ts";

/** A variable inside the session. */
interface Resident {
  /** The handle that reading and writing take. */
  readonly handle: Node;
  /** The placeholder through which it is set, and the operation that does. */
  readonly fed: Node;
  readonly set: Pointer;
  /** Its value outside of any step. */
  readonly read: Node;
}

const typeOf = (data: Input["data"]): number =>
  data instanceof Float32Array ? DataType.float32 : data instanceof Int32Array ? DataType.int32 : DataType.uint8;

/**
 * The engine that makes each step one TensorFlow graph: the step function runs once for each shape of its inputs with
 * every op recorded, and from then on the graph runs, off the event loop, its variables resident in the session.
 */
export class Compiler implements Engine {
  readonly #graph = new Graph();
  readonly #session: Session;
  readonly #backend: NativeBackend;
  readonly #resident = new Map<Variable, Resident>();
  readonly #fixed = new Map<Variable, Node>();

  readonly #trace: ((metadata: Uint8Array) => void) | undefined;

  /**
   * An empty graph and its session. tfjs-node's backend must be in use. `trace` is given the timeline of each run, as
   * `RunMetadata` in protocol-buffer bytes; runs are then slower.
   */
  constructor(config: Config = {}, trace?: (metadata: Uint8Array) => void) {
    this.#trace = trace;
    const backend = nativeBackend();
    if (!backend) throw new Error("compiling needs the tensorflow backend");
    this.#backend = backend;
    this.#session = new Session(this.#graph, config);
  }

  /** Makes a step a function of a batch; it is traced at the first call with inputs of a shape. */
  compile<I extends string, V extends Nested<Tensor> = Ungrouped>(traced: Traced<I, V>): Runnable<I, V> {
    const known = new Map<string, Runnable<I, V>>();
    return async (inputs) => {
      const key = JSON.stringify(
        Object.entries<Input>(inputs).map(([name, { shape, data }]) => [name, shape, typeOf(data)]),
      );
      let run = known.get(key);
      if (!run) known.set(key, run = this.#record(traced, inputs));
      return await run(inputs);
    };
  }

  /** Takes variables into the session, all in one run. */
  async hold(variables: readonly Variable[], values?: ReadonlyMap<string, Float32Array>): Promise<void> {
    for (const variable of variables) if (variable.fixed) this.#fix(variable);
    variables = variables.filter((variable) => !variable.fixed);
    const residents = variables.map((variable) => this.#hold(variable));
    const run = this.#session.prepare({
      feeds: residents.map(({ fed }) => fed),
      fetches: [],
      targets: residents.map(({ set }) => set),
    });
    await feeding(
      variables.map((variable): Input => ({
        shape: variable.shape,
        data: values?.get(variable.name) ?? variable.initial(),
      })),
      run,
    );
  }

  /** The present values of variables, copied out of the session. */
  async read(variables: readonly Variable[]): Promise<Float32Array[]> {
    const fetches = variables.map((variable) => this.#fixed.get(variable) ?? this.#resident.get(variable)!.read);
    return await this.#session.prepare({ feeds: [], fetches, targets: [] })([]) as Float32Array[];
  }

  /** Releases session, graph and variables; where the C library is glibc, freed memory goes back to the system. */
  close(): void {
    this.#session.close();
    this.#graph.close();
    // glibc keeps freed memory, apart for each of TensorFlow's threads: gigabytes after some dozens of experiments.
    cApi().malloc_trim?.(0n);
  }

  #hold(variable: Variable): Resident {
    const known = this.#resident.get(variable);
    if (known) return known;
    const graph = this.#graph, api = cApi(), dims = BigInt64Array.from(variable.shape, BigInt);
    const [handle] = graph.add("VarHandleOp", [], 1, (operation) => {
      const name = new TextEncoder().encode(variable.name);
      api.TF_SetAttrType(operation, cString("dtype"), DataType.float32);
      api.TF_SetAttrShape(operation, cString("shape"), dims, dims.length);
      api.TF_SetAttrString(operation, cString("shared_name"), name, BigInt(name.length));
    });
    const fed = this.#placeholder(variable.shape, DataType.float32);
    const resident = {
      handle,
      fed,
      set: graph.operation("AssignVariableOp", [handle, fed], setDtype),
      read: graph.add("ReadVariableOp", [handle], 1, setDtype)[0],
    };
    this.#resident.set(variable, resident);
    return resident;
  }

  /** A variable that never changes is a constant: TensorFlow then lays its elements out for its convolutions once. */
  #fix(variable: Variable): void {
    if (this.#fixed.has(variable)) return;
    const id = this.#graph.createTensor([...variable.shape], DataType.float32, variable.initial());
    this.#fixed.set(variable, this.#graph.node(id));
  }

  #placeholder(shape: readonly number[], type: number): Node {
    const api = cApi();
    return this.#graph.add("Placeholder", [], 1, (operation) => {
      api.TF_SetAttrType(operation, cString("dtype"), type);
      api.TF_SetAttrShape(operation, cString("shape"), BigInt64Array.from(shape, BigInt), shape.length);
    })[0];
  }

  #record<I extends string, V extends Nested<Tensor>>(traced: Traced<I, V>, inputs: Inputs<I>): Runnable<I, V> {
    const graph = this.#graph, names = Object.keys(inputs) as I[];
    const feeds = names.map((name) => this.#placeholder(inputs[name].shape, typeOf(inputs[name].data)));
    const reads = new Map<Variable, { node: Node; value: Tensor }>();
    const fetches: Node[] = [];
    const { places, targets } = tracing(graph, () => {
      const scope = tf.engine();
      scope.startScope();
      try {
        this.#bindReads(reads);
        const given = Object.fromEntries(names.map((name, i) => [name, this.#input(feeds[i])])) as Record<I, Tensor>;
        const outcome = traced(given);
        const targets = this.#apply(outcome.updates, reads);
        const places = replaceEach(outcome.values, (value: Tensor) => fetches.push(this.#node(value)) - 1);
        release(outcome);
        return { places, targets };
      } finally {
        scope.endScope();
        tf.dispose(Array.from(reads.values(), ({ value }) => value));
        for (const variable of [...this.#resident.keys(), ...this.#fixed.keys()]) variable.bind(undefined);
      }
    });
    const run = this.#session.prepare({ feeds, fetches, targets }, this.#trace);
    return async (inputs) => {
      const results = await feeding(names.map((name) => inputs[name]), run);
      // TypeScript does not see that to replace twice is to replace once.
      return replaceEach(places, (place: number) => results[place] as Float32Array) as Values<V>;
    };
  }

  /** Makes each variable's value one node that reads it, made when it is first asked for, and one tensor, kept until the step is traced. */
  #bindReads(reads: Map<Variable, { node: Node; value: Tensor }>): void {
    for (const [variable, { handle }] of this.#resident) {
      variable.bind(() => {
        let read = reads.get(variable);
        if (!read) {
          const [node] = this.#graph.add("ReadVariableOp", [handle], 1, setDtype);
          reads.set(variable, read = { node, value: tf.keep(this.#backend.createOutputTensor(node)) });
        }
        return read.value;
      });
    }
    for (const [variable, node] of this.#fixed) variable.bind(() => this.#backend.createOutputTensor(node));
  }

  /** A placeholder as a tensor; bytes become float32. */
  #input(feed: Node): Tensor {
    const graph = this.#graph, api = cApi();
    if (feed.dtype !== DataType.uint8) return this.#backend.createOutputTensor(feed);
    const [cast] = graph.add("Cast", [feed], 1, (operation) => {
      api.TF_SetAttrType(operation, cString("SrcT"), DataType.uint8);
      api.TF_SetAttrType(operation, cString("DstT"), DataType.float32);
    });
    return this.#backend.createOutputTensor(cast);
  }

  #node(tensor: Tensor): Node {
    return this.#graph.node(this.#backend.getInputTensorIds([tensor])[0]);
  }

  /** The operations that make a step's changes, each after what it changes has been read. */
  #apply(updates: readonly Update[], reads: ReadonlyMap<Variable, { node: Node }>): Pointer[] {
    const graph = this.#graph, api = cApi();
    const last = new Map(updates.map((update) => [update.variable, update]));
    const reading = (variable: Variable): Pointer[] => {
      const read = reads.get(variable);
      return read ? [read.node.operation] : [];
    };
    return Array.from(last.values(), (update) => {
      const { handle } = this.#resident.get(update.variable)!, before = reading(update.variable);
      if (update.kind === "assign") {
        return graph.operation("AssignVariableOp", [handle, this.#node(update.value)], setDtype, undefined, before);
      }
      const rate = this.#node(update.rate);
      return update.motions.reduce((before, { velocity, gradient, momentum }) => {
        const { handle: accumulator } = this.#resident.get(velocity)!;
        const inputs = [handle, accumulator, rate, this.#node(gradient), this.#node(tf.scalar(momentum))];
        const attributes = (operation: Pointer) => {
          api.TF_SetAttrType(operation, cString("T"), DataType.float32);
          api.TF_SetAttrBool(operation, cString("use_nesterov"), update.nesterov ? 1 : 0);
        };
        const after = [...before, ...reading(velocity)];
        return [graph.operation("ResourceApplyMomentum", inputs, attributes, undefined, after)];
      }, before)[0];
    });
  }
}

function setDtype(operation: Pointer): void {
  cApi().TF_SetAttrType(operation, cString("dtype"), DataType.float32);
}

/** Disposes what a step kept. */
function release({ values, updates }: StepOutcome<Nested<Tensor>>): void {
  tf.dispose(values);
  for (const update of updates) {
    tf.dispose(update.kind === "assign" ? update.value : update.motions.map(({ gradient }) => gradient));
  }
}

/** Runs with arrays as `TF_Tensor`s, which are released afterwards. */
async function feeding<T>(inputs: readonly Input[], run: (tensors: readonly Pointer[]) => Promise<T>): Promise<T> {
  const tensors: Pointer[] = [];
  try {
    for (const { shape, data } of inputs) tensors.push(newTensor(typeOf(data), shape, data));
    return await run(tensors);
  } finally {
    const api = cApi();
    for (const tensor of tensors) api.TF_DeleteTensor(tensor);
  }
}
