import * as tf from "@tensorflow/tfjs";
import { Compiler } from "./compile.ts";
import { EagerEngine } from "./eager.ts";
import type { Engine } from "./engine.ts";
import { Failure } from "./failure.ts";
import { useBackend } from "./tensorflow/backend.ts";
import { openCApi } from "./tensorflow/c_api.ts";
import { Eager } from "./tensorflow/eager.ts";
import { findLibrary } from "./tensorflow/library.ts";

/** On what and how steps are computed. */
export interface EngineOptions {
  /** `tensorflow`: compiled, the default; `cpu`: tfjs's own backend in JavaScript, op by op and slow. */
  readonly backend?: "tensorflow" | "cpu";
  /** In what convolutions and products are done; weights, sums and statistics are float32 either way. */
  readonly precision?: "float32" | "bfloat16";
  /** Threads; absent: all cores. */
  readonly threads?: number;
  /** Whether a run repeats bit for bit. */
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
 * Opens an engine, finding or fetching TensorFlow where it is needed. Fails with exit code 3 where there is no
 * TensorFlow, with 2 where precision and backend don't go together.
 */
export async function openEngine(options: EngineOptions = {}): Promise<OpenEngine> {
  const { backend = "tensorflow", precision = "float32", threads, deterministic, log } = options;
  if (backend === "cpu") {
    if (precision !== "float32") throw new Failure(2, `--precision ${precision} needs --backend tensorflow`);
    // Else tfjs, at its first tensor, tells the user to install its native backend.
    tf.enableProdMode();
    await tf.setBackend("cpu");
    return { engine: new EagerEngine(), tensorflow: null };
  }
  const library = await findLibrary({ log });
  // Read by TensorFlow's kernels when they are made: sums of gradients are then added in one order.
  if (deterministic) Deno.env.set("TF_DETERMINISTIC_OPS", "1");
  openCApi(library);
  const config = { threads, deterministic, bfloat16: precision === "bfloat16" };
  // Its context is for good, and all runs of a process have the same options.
  await useBackend(eager ??= new Eager(config));
  return { engine: new Compiler(config), tensorflow: library.version };
}

let eager: Eager | undefined;
