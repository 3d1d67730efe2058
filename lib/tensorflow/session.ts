import type { Input } from "../values/input.ts";
import { dataTypeOf } from "./binding.ts";
import {
  bufferBytes,
  type CApi,
  cApi,
  check,
  cString,
  newTensor,
  type Pointer,
  tensorData,
  withStatus,
} from "./c_api.ts";
import { type Config, configProto } from "./config.ts";
import { type Graph, type Node, type Operation, packNodes } from "./graph.ts";

/** Inputs, outputs and targets of a session's runs, encoded once. */
export interface Call {
  /** Placeholders, in the order of a run's input arrays. */
  readonly feeds: readonly Node[];
  /** Outputs to read. */
  readonly fetches: readonly Node[];
  /** Operations to run. */
  readonly targets: readonly Operation[];
}

/** A TensorFlow session over a graph. Its variables stay inside it. */
export class Session {
  readonly #api: CApi;
  readonly #session: Pointer;
  readonly #graph: Graph;

  /** Creates a session that runs `graph`, including nodes that are added later. */
  constructor(graph: Graph, config: Config = {}) {
    const api = this.#api = cApi();
    this.#graph = graph;
    const options = api.TF_NewSessionOptions()!;
    try {
      this.#session = withStatus(() => "making a session", (status) => {
        const proto = configProto(config);
        api.TF_SetConfig(options, proto, BigInt(proto.length), status);
        check(status, () => "configuring a session");
        if (config.server) api.TF_SetTarget(options, cString(config.server.target));
        return api.TF_NewSession(graph.pointer, options, status)!;
      });
    } finally {
      api.TF_DeleteSessionOptions(options);
    }
  }

  /**
   * Returns a function that runs `call` on input arrays off the event loop and resolves to copies
   * of the outputs. The `cause` of an error is the place where the failed operation was added to
   * the graph. `trace` receives each run's `RunMetadata`, with TensorFlow's timeline, as
   * protocol-buffer bytes. Default: no trace.
   */
  prepare(
    { feeds, fetches, targets }: Call,
    trace?: (metadata: Uint8Array) => void,
  ): (fed: readonly Input[]) => Promise<(Float32Array | Int32Array | Uint8Array)[]> {
    const api = this.#api;
    const options = trace ? runOptions() : null;
    const inputs = packNodes(feeds);
    const outputs = packNodes(fetches);
    const operations = BigUint64Array.from(targets, (target) => Deno.UnsafePointer.value(target));
    return async (fed) => {
      // TensorFlow rejects an empty run.
      if (fetches.length + targets.length === 0) return [];
      // Inputs and results share one buffer. The results are read after the run, so the buffer
      // outlives the run.
      const slots = new BigUint64Array(feeds.length + fetches.length);
      const status = api.TF_NewStatus()!;
      const values = slots.subarray(0, feeds.length);
      const results = slots.subarray(feeds.length);
      const metadata = trace ? api.TF_NewBuffer() : null;
      const tensors: Pointer[] = [];
      try {
        for (const { shape, data } of fed) tensors.push(newTensor(dataTypeOf(data), shape, data));
        values.set(tensors.map((tensor) => Deno.UnsafePointer.value(tensor)));
        await api.TF_SessionRun(
          this.#session,
          options,
          inputs,
          values,
          feeds.length,
          outputs,
          results,
          fetches.length,
          operations,
          targets.length,
          metadata,
          status,
        );
        this.#check(status);
        if (metadata) trace?.(bufferBytes(metadata));
        return Array.from(results, (address) => {
          const tensor = Deno.UnsafePointer.create(address)!;
          const data = tensorData(tensor);
          api.TF_DeleteTensor(tensor);
          return data;
        });
      } finally {
        for (const tensor of tensors) api.TF_DeleteTensor(tensor);
        api.TF_DeleteStatus(status);
        if (metadata) api.TF_DeleteBuffer(metadata);
      }
    };
  }

  #check(status: Pointer): void {
    try {
      check(status, () => "running the step");
    } catch (error) {
      const [, operation] = /\{\{node ([^}]+)\}\}/.exec((error as Error).message) ?? [];
      throw Object.assign(error as Error, { cause: this.#graph.origin(operation) });
    }
  }

  /** Cancels what runs: it rejects. Nothing can run any more. */
  cancel(): void {
    withStatus(
      () => "cancelling a session",
      (status) => this.#api.TF_CloseSession(this.#session, status),
    );
  }

  /** Releases the session and its variables. */
  close(): void {
    const api = this.#api;
    withStatus(() => "closing a session", (status) => {
      api.TF_CloseSession(this.#session, status);
      api.TF_DeleteSession(this.#session, status);
    });
  }
}

/** Creates a `TF_Buffer` with `RunOptions` that request the full timeline. */
function runOptions(): Uint8Array<ArrayBuffer> {
  fullTrace ??= Uint8Array.of(0x08, 0x03);
  const buffer = new BigUint64Array(3);
  buffer[0] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(fullTrace));
  buffer[1] = BigInt(fullTrace.length);
  return new Uint8Array(buffer.buffer);
}

let fullTrace: Uint8Array<ArrayBuffer> | undefined;
