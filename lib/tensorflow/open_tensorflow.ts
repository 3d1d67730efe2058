import { Failure } from "../values/failure.ts";
import { useBackend } from "./backend.ts";
import { openCApi } from "./c_api.ts";
import type { ProcessConfig } from "./config.ts";
import { EagerBinding } from "./eager_binding.ts";
import type { SharedTensorflow } from "./jpeg_decoder.ts";
import { findLibrary, type Library } from "./library/find.ts";

/** Eager binding of the process, and its configuration. */
interface Opened {
  readonly library: Library;
  readonly config: ProcessConfig;
  readonly eager: EagerBinding;
}

let opened: Opened | undefined;

/**
 * Makes TensorFlow tfjs's current backend and returns its version. Finds or downloads its library
 * if necessary. Without a configuration, the process keeps its current one. Rejects with a
 * `Failure` (exit 3) if there is no TensorFlow, or (exit 2) if this process has opened it with
 * another configuration. `quiet` as in `findLibrary`.
 */
export async function openTensorflow(
  config?: ProcessConfig,
  log?: (line: string) => void,
  quiet?: boolean,
): Promise<string> {
  // Another TensorFlow may have come to this machine since, which this process cannot load.
  const library = opened?.library ?? await findLibrary({ log, quiet });
  opened ??= open(library, config ?? {});
  const [current, requested] = [opened.config, config ?? opened.config].map(describeConfig);
  if (current !== requested) {
    throw new Failure(
      2,
      `TensorFlow runs in this process with ${current}: an engine with ${requested} needs its own process`,
    );
  }
  await useBackend(opened.eager);
  return library.version;
}

function open(library: Library, config: ProcessConfig): Opened {
  // TensorFlow's kernels read this at creation. They then add gradients in a fixed order.
  if (config.deterministic) Deno.env.set("TF_DETERMINISTIC_OPS", "1");
  openCApi(library);
  return { library, config, eager: new EagerBinding(config) };
}

/** What a worker thread needs to use this process's TensorFlow. `undefined` if it is not open. */
export function sharedTensorflow(): SharedTensorflow | undefined {
  return opened && { cc: opened.library.cc, context: opened.eager.context };
}

function describeConfig({ threads, deterministic = false }: ProcessConfig): string {
  return `threads: ${threads ?? "all"}, deterministic: ${deterministic}`;
}
