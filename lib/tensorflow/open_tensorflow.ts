import { Failure } from "../values/failure.ts";
import { useBackend } from "./backend.ts";
import { openCApi } from "./c_api.ts";
import type { ProcessConfig } from "./config.ts";
import { EagerBinding } from "./eager_binding.ts";
import type { LibraryFiles } from "./library/layout.ts";
import { findLibrary } from "./library/find.ts";

/** The eager binding of the process, and its configuration. */
interface Opened {
  readonly config: ProcessConfig;
  readonly eager: EagerBinding;
}

let opened: Opened | undefined;

/**
 * Makes TensorFlow tfjs's current backend, finding or fetching its library where it is needed, and
 * returns its version. Without a configuration the process keeps the one it has. Fails with exit
 * code 3 where there is no TensorFlow, and with 2 where this process has opened it with another
 * configuration.
 */
export async function openTensorflow(
  config?: ProcessConfig,
  log?: (line: string) => void,
): Promise<string> {
  const library = await findLibrary({ log });
  opened ??= open(library, config ?? {});
  const [has, wanted] = [opened.config, config ?? opened.config].map(describe);
  if (has !== wanted) {
    throw new Failure(
      2,
      `TensorFlow runs in this process with ${has}: an engine with ${wanted} needs one of its own`,
    );
  }
  await useBackend(opened.eager);
  return library.version;
}

function open(library: LibraryFiles, config: ProcessConfig): Opened {
  // Read by TensorFlow's kernels when they are made: sums of gradients are then added in one order.
  if (config.deterministic) Deno.env.set("TF_DETERMINISTIC_OPS", "1");
  openCApi(library);
  return { config, eager: new EagerBinding(config) };
}

function describe({ threads, deterministic = false }: ProcessConfig): string {
  return `threads: ${threads ?? "all"}, deterministic: ${deterministic}`;
}
