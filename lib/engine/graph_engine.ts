import * as tf from "@tensorflow/tfjs";
import "../kernels/gradients.ts";
import type { Tensor } from "../kernels/tensor.ts";
import {
  type CompiledStep,
  type Engine,
  mapNested,
  type Nested,
  type StepFunction,
  type StepOutcome,
  type Ungrouped,
  type Values,
} from "./engine.ts";
import type { Input, Inputs } from "../values/input.ts";
import {
  type NativeBackend,
  outsideTrace,
  registeredBackend,
  traceInto,
} from "../tensorflow/backend.ts";
import { DataType, dataTypeOf } from "../tensorflow/binding.ts";
import { Failure, messageOf } from "../values/failure.ts";
import type { Config } from "../tensorflow/config.ts";
import { Graph, type Node, type Operation } from "../tensorflow/graph.ts";
import { Session } from "../tensorflow/session.ts";
import { pure } from "../nn/pure.ts";
import type { Update, Variable } from "../nn/variables.ts";

/** A variable inside the session. */
interface Resident {
  /** The handle for reads and writes. */
  readonly handle: Node;
  /** The placeholder of a new value, and the operation that assigns it. */
  readonly placeholder: Node;
  readonly assign: Operation;
  /** The value outside of any step. */
  readonly read: Node;
}

/**
 * The engine that compiles each step to one TensorFlow graph. The step function runs once for each
 * shape of its inputs, and every op is recorded. From then on the graph runs, off the event loop,
 * with its variables in the session.
 */
export class GraphEngine implements Engine {
  readonly #graph: Graph;
  readonly #session: Session;
  readonly #backend: NativeBackend;
  readonly #resident = new Map<Variable, Resident>();
  readonly #fixed = new Set<Variable>();
  readonly #constants = new Map<Variable, Node>();
  readonly #trace: ((metadata: Uint8Array) => void) | undefined;
  readonly #lost: AbortSignal | undefined;

  /**
   * Creates an empty graph and its session. tfjs-node's backend must be registered. `trace` receives
   * the timeline of each run, as `RunMetadata` in protocol-buffer bytes. Runs are then slower. When
   * `lost` aborts, another worker of the cluster is lost: every run rejects with its reason.
   */
  constructor(config: Config = {}, trace?: (metadata: Uint8Array) => void, lost?: AbortSignal) {
    this.#trace = trace;
    this.#lost = lost;
    this.#graph = new Graph(config.bfloat16);
    const backend = registeredBackend();
    if (!backend) throw new Error("compiling needs the tensorflow backend");
    this.#backend = backend;
    this.#session = new Session(this.#graph, config);
    // A run that waits for the lost worker would wait for ever.
    lost?.addEventListener("abort", this.#cancel);
  }

  /** Returns a step as a function of a batch. The first call with inputs of a shape traces it. */
  compile<I extends string, V extends Nested<Tensor> = Ungrouped>(
    step: StepFunction<I, V>,
  ): CompiledStep<I, V> {
    const known = new Map<string, CompiledStep<I, V>>();
    return async (inputs) => {
      const key = JSON.stringify(
        Object.entries<Input>(inputs).map((
          [name, { shape, data }],
        ) => [name, shape, dataTypeOf(data)]),
      );
      let run = known.get(key);
      if (!run) known.set(key, run = this.#record(step, inputs));
      return await run(inputs);
    };
  }

  /** Stores variables in the session, all in one run. */
  async hold(
    variables: readonly Variable[],
    values?: ReadonlyMap<string, Float32Array>,
  ): Promise<void> {
    for (const variable of variables) if (variable.fixed) this.#fixed.add(variable);
    variables = variables.filter((variable) => !variable.fixed);
    const residents = variables.map((variable) => this.#hold(variable));
    const run = this.#prepare({
      feeds: residents.map(({ placeholder }) => placeholder),
      fetches: [],
      targets: residents.map(({ assign }) => assign),
    });
    await run(variables.map((variable) => ({
      shape: variable.shape,
      data: values?.get(variable.name) ?? variable.initial(),
    })));
  }

  /** Copies the current values of variables out of the session. */
  async read(variables: readonly Variable[]): Promise<Float32Array[]> {
    const fetches = variables.map((variable) =>
      variable.fixed ? this.#constant(variable) : this.#resident.get(variable)!.read
    );
    return await this.#prepare({ feeds: [], fetches, targets: [] })([]) as Float32Array[];
  }

  /** Releases session, graph and variables. */
  close(): void {
    this.#lost?.removeEventListener("abort", this.#cancel);
    this.#session.close();
    this.#graph.close();
  }

  readonly #cancel = () => this.#session.cancel();

  /** `Session.prepare`, but a run that ends because a worker is lost rejects with that reason. */
  #prepare(...[call, trace]: Parameters<Session["prepare"]>): ReturnType<Session["prepare"]> {
    const run = this.#session.prepare(call, trace);
    return async (fed) => {
      this.#lost?.throwIfAborted();
      try {
        return await run(fed);
      } catch (error) {
        throw this.#lost ? await lossOr(error, this.#lost) : error;
      }
    };
  }

  #hold(variable: Variable): Resident {
    const known = this.#resident.get(variable);
    if (known) return known;
    const graph = this.#graph;
    const handle = graph.variable(variable.name, variable.shape);
    const placeholder = graph.placeholder(variable.shape, DataType.float32);
    const resident = {
      handle,
      placeholder,
      assign: graph.assign(handle, placeholder),
      read: graph.read(handle),
    };
    this.#resident.set(variable, resident);
    return resident;
  }

  /**
   * The constant of a variable that never changes. TensorFlow then lays out its elements for its
   * convolutions only once. Made at first use: most weights of a frozen network are only folded
   * into others, so their own values need be neither drawn nor stored.
   */
  #constant(variable: Variable): Node {
    let node = this.#constants.get(variable);
    if (!node) {
      // An initialiser may compute with tfjs.
      const values = outsideTrace(variable.initial);
      node = this.#graph.node(
        this.#graph.createTensor([...variable.shape], DataType.float32, values),
      );
      this.#constants.set(variable, node);
    }
    return node;
  }

  #record<I extends string, V extends Nested<Tensor>>(
    step: StepFunction<I, V>,
    inputs: Inputs<I>,
  ): CompiledStep<I, V> {
    const graph = this.#graph;
    const names = Object.keys(inputs) as I[];
    const feeds = names.map((name) =>
      graph.placeholder(inputs[name].shape, dataTypeOf(inputs[name].data))
    );
    const reads = new Map<Variable, { node: Node; value: Tensor }>();
    const fetches: Node[] = [];
    const { places, targets } = traceInto(graph, () => {
      const scope = tf.engine();
      scope.startScope();
      try {
        this.#bindReads(reads);
        const tensors = Object.fromEntries(
          names.map((name, i) => [name, this.#input(feeds[i])]),
        ) as Record<I, Tensor>;
        const outcome = pure("step", () => step(tensors));
        const targets = this.#apply(outcome.updates, reads);
        const places = mapNested(
          outcome.values,
          (value: Tensor) => fetches.push(this.#node(value)) - 1,
        );
        release(outcome);
        return { places, targets };
      } finally {
        scope.endScope();
        tf.dispose(Array.from(reads.values(), ({ value }) => value));
        for (const variable of [...this.#resident.keys(), ...this.#fixed]) {
          variable.bind(undefined);
        }
      }
    });
    const run = this.#prepare({ feeds, fetches, targets }, this.#trace);
    return async (inputs) => {
      const results = await run(names.map((name) => inputs[name]));
      // TypeScript cannot see that two replacements equal one.
      return mapNested(places, (place: number) => results[place] as Float32Array) as Values<V>;
    };
  }

  /**
   * Binds each variable to one node that reads it, made at first use, and to one tensor, kept until
   * the step is traced.
   */
  #bindReads(reads: Map<Variable, { node: Node; value: Tensor }>): void {
    for (const [variable, { handle }] of this.#resident) {
      variable.bind(() => {
        let read = reads.get(variable);
        if (!read) {
          const node = this.#graph.read(handle);
          reads.set(
            variable,
            read = { node, value: tf.keep(this.#backend.createOutputTensor(node)) },
          );
        }
        return read.value;
      });
    }
    for (const variable of this.#fixed) {
      variable.bind(() => this.#backend.createOutputTensor(this.#constant(variable)));
    }
  }

  /** Converts a placeholder to a tensor. Bytes become float32. */
  #input(feed: Node): Tensor {
    const isBytes = feed.dtype === DataType.uint8;
    return this.#backend.createOutputTensor(
      isBytes ? this.#graph.cast(feed, DataType.float32) : feed,
    );
  }

  #node(tensor: Tensor): Node {
    return this.#graph.node(this.#backend.getInputTensorIds([tensor])[0]);
  }

  /**
   * Returns the operations of a step's updates. Each runs after the read of its variables and after
   * their previous updates.
   */
  #apply(updates: readonly Update[], reads: ReadonlyMap<Variable, { node: Node }>): Operation[] {
    const graph = this.#graph;
    const latest = new Map<Variable, Operation>();
    const handle = (variable: Variable): Node => this.#resident.get(variable)!.handle;
    const before = (variable: Variable): Operation[] => {
      const operation = latest.get(variable) ?? reads.get(variable)?.node.operation;
      return operation === undefined ? [] : [operation];
    };
    // A value that a later assignment replaces need not be written.
    const assignments = new Map(
      updates.flatMap((one) => one.kind === "assign" ? [[one.variable, one]] : []),
    );
    for (const update of updates) {
      const { variable } = update;
      if (update.kind === "assign") {
        if (assignments.get(variable) !== update) continue;
        latest.set(
          variable,
          graph.assign(handle(variable), this.#node(update.value), before(variable)),
        );
        continue;
      }
      if (update.kind === "average") {
        const operation = this.#applyAverage(update, handle, before);
        latest.set(variable, operation).set(update.of, operation);
        continue;
      }
      const [states, operation] = update.kind === "adam"
        ? [[update.mean, update.square], this.#applyAdam(update, handle, before)] as const
        : [[update.velocity], this.#applyMomentum(update, handle, before)] as const;
      for (const changed of [variable, ...states]) latest.set(changed, operation);
    }
    return [...new Set(latest.values())];
  }

  #applyMomentum(
    { variable, velocity, gradient, momentum, rate, nesterov }: Update & { kind: "momentum" },
    handle: (variable: Variable) => Node,
    before: (variable: Variable) => Operation[],
  ): Operation {
    return this.#graph.applyMomentum({
      variable: handle(variable),
      velocity: handle(velocity),
      rate: this.#node(rate),
      gradient: this.#node(gradient),
      momentum: this.#node(tf.scalar(momentum)),
      nesterov,
      after: [variable, velocity].flatMap(before),
    });
  }

  #applyAdam(
    { variable, mean, square, gradient, betas, rate, epsilon }: Update & { kind: "adam" },
    handle: (variable: Variable) => Node,
    before: (variable: Variable) => Operation[],
  ): Operation {
    return this.#graph.applyAdam({
      variable: handle(variable),
      mean: handle(mean),
      square: handle(square),
      rate: this.#node(rate),
      betas: [this.#node(tf.scalar(betas[0])), this.#node(tf.scalar(betas[1]))],
      epsilon: this.#node(epsilon),
      gradient: this.#node(gradient),
      zero: this.#node(tf.scalar(0)),
      after: [variable, mean, square].flatMap(before),
    });
  }

  /** Takes the share 1 − decay of the way from an average to the variable that it follows. */
  #applyAverage(
    { variable, of, decay }: Update & { kind: "average" },
    handle: (variable: Variable) => Node,
    before: (variable: Variable) => Operation[],
  ): Operation {
    const [average, value] = [variable, of].map((one) =>
      this.#backend.createOutputTensor(this.#graph.read(handle(one), before(one)))
    );
    return this.#graph.applyGradientDescent({
      variable: handle(variable),
      rate: this.#node(tf.scalar(1 - decay)),
      gradient: this.#node(tf.sub(average, value)),
      after: [],
    });
  }
}

/** Disposes the tensors that a step kept. */
function release({ values, updates }: StepOutcome<Nested<Tensor>>): void {
  tf.dispose(values);
  for (const update of updates) {
    if (update.kind === "assign") tf.dispose(update.value);
    else if (update.kind !== "average") tf.dispose(update.gradient);
  }
}

/** Milliseconds to wait for the news that the worker which a run could not reach is lost. */
const NOTICE = 2000;

/** Returns the reason of a lost worker if that is why a run failed, or else the run's error. */
async function lossOr(error: unknown, lost: AbortSignal): Promise<unknown> {
  if (lost.aborted) return lost.reason;
  const line = messageOf(error).split("\n").find((line) => /Collective|RPC|GRPC/.test(line));
  if (line === undefined) return error;
  const noticed = AbortSignal.any([lost, AbortSignal.timeout(NOTICE)]);
  await new Promise((resolve) => noticed.addEventListener("abort", resolve));
  if (lost.aborted) return lost.reason;
  return new Failure(
    1,
    `the workers have lost each other: ${line.trim()}; start all workers again, without --fresh, ` +
      "and the run goes on from its last save",
    { cause: error },
  );
}
