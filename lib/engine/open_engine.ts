import * as tf from "@tensorflow/tfjs";
import { GraphEngine } from "./graph_engine.ts";
import { EagerEngine } from "./eager_engine.ts";
import type { Engine } from "./engine.ts";
import { Failure } from "../values/failure.ts";
import { openTensorflow } from "../tensorflow/open_tensorflow.ts";

/**
 * On what and how steps are computed. `threads`, `deterministic` and TensorFlow's library are the
 * process's: TensorFlow makes its pools of threads and reads its environment once. The others are
 * the engine's own.
 */
export interface EngineOptions {
  /**
   * `tensorflow`: compiled; `cpu`: tfjs's own backend in JavaScript, op by op and slow. Default:
   * `tensorflow`.
   */
  readonly backend?: "tensorflow" | "cpu";
  /**
   * In what convolutions and products are done; weights, sums and statistics are float32 either
   * way. Default: `float32`.
   */
  readonly precision?: "float32" | "bfloat16";
  /** Threads, the same for every engine of a process. Default: all cores. */
  readonly threads?: number;
  /** Whether a run repeats bit for bit, the same for every engine of a process. Default: false. */
  readonly deterministic?: boolean;
  /** Is told what is found or fetched. */
  readonly log?: (line: string) => void;
}

/** An engine and what it is, for the record. */
export interface OpenEngine {
  /** Where variables live and steps run. */
  readonly engine: Engine;
  /** TensorFlow's version; null on tfjs's own backend. */
  readonly tensorflow: string | null;
}

/**
 * Opens an engine, finding or fetching TensorFlow where it is needed. Fails with exit code 3 where
 * there is no TensorFlow, with 2 where precision and backend don't go together or where an engine
 * of this process has other threads or another `deterministic`.
 */
export async function openEngine(options: EngineOptions = {}): Promise<OpenEngine> {
  const { backend = "tensorflow", precision = "float32", threads, deterministic, log } = options;
  if (backend === "cpu") {
    if (precision !== "float32") {
      throw new Failure(2, `--precision ${precision} needs --backend tensorflow`);
    }
    // Else tfjs, at its first tensor, tells the user to install its native backend.
    tf.enableProdMode();
    await tf.setBackend("cpu");
    return { engine: new EagerEngine(), tensorflow: null };
  }
  const tensorflow = await openTensorflow({ threads, deterministic }, log);
  return {
    engine: new GraphEngine({ threads, deterministic, bfloat16: precision === "bfloat16" }),
    tensorflow,
  };
}
