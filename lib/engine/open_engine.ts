import * as tf from "@tensorflow/tfjs";
import { GraphEngine } from "./graph_engine.ts";
import { EagerEngine } from "./eager_engine.ts";
import type { Engine } from "./engine.ts";
import { Failure } from "../values/failure.ts";
import type { OpenCluster } from "./open_cluster.ts";
import { openTensorflow } from "../tensorflow/open_tensorflow.ts";

/**
 * How steps are computed. `threads`, `deterministic` and TensorFlow's library are the same for the
 * whole process: TensorFlow creates its thread pools and reads its environment once. The other
 * options are the engine's own.
 */
export interface EngineOptions {
  /**
   * `tensorflow`: compiled. `cpu`: tfjs's own backend in JavaScript, op by op and slow. Default:
   * `tensorflow`.
   */
  readonly backend?: "tensorflow" | "cpu";
  /**
   * The precision of convolutions and products. Weights, sums and statistics are float32 either
   * way. Default: `float32`.
   */
  readonly precision?: "float32" | "bfloat16";
  /** Threads, the same for every engine of a process. Default: all cores. */
  readonly threads?: number;
  /** Whether a run repeats bit for bit, the same for every engine of a process. Default: false. */
  readonly deterministic?: boolean;
  /** The cluster that the engine's steps can reduce over. Default: none, one process alone. */
  readonly cluster?: OpenCluster;
  /** Receives a line about each thing found or downloaded. Default: none. */
  readonly log?: (line: string) => void;
}

/** An engine, and how it computes, for the record. */
export interface OpenEngine extends Required<Pick<EngineOptions, "backend" | "precision">> {
  readonly engine: Engine;
  /** TensorFlow's version. `null` on tfjs's own backend. */
  readonly tensorflow: string | null;
}

/**
 * Opens an engine. Finds or downloads TensorFlow if it is needed. Rejects with a `Failure`: exit 3
 * if there is no TensorFlow, exit 2 if precision, cluster and backend do not go together or if an
 * engine of this process has other `threads` or another `deterministic`.
 */
export async function openEngine(options: EngineOptions = {}): Promise<OpenEngine> {
  const { backend = "tensorflow", precision = "float32", threads, deterministic, cluster, log } =
    options;
  if (backend === "cpu") {
    if (cluster) throw new Failure(2, "--cluster needs --backend tensorflow");
    if (precision !== "float32") {
      throw new Failure(2, `--precision ${precision} needs --backend tensorflow`);
    }
    // Otherwise tfjs, at its first tensor, tells the user to install its native backend.
    tf.enableProdMode();
    await tf.setBackend("cpu");
    return { engine: new EagerEngine(backend), tensorflow: null, backend, precision };
  }
  const tensorflow = await openTensorflow({ threads, deterministic }, log);
  const bfloat16 = precision === "bfloat16";
  const config = { threads, deterministic, bfloat16, server: cluster?.server };
  const engine = new GraphEngine(config, undefined, cluster?.calls.lost);
  return { engine, tensorflow, backend, precision };
}
