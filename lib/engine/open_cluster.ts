import type { ProcessConfig, Server } from "../tensorflow/config.ts";
import { openTensorflow } from "../tensorflow/open_tensorflow.ts";
import { startServer } from "../tensorflow/server.ts";
import { Failure, messageOf } from "../values/failure.ts";
import { callAll } from "./call_all.ts";
import type { Calls } from "./calls.ts";
import type { Cluster } from "./cluster.ts";
import type { Agreement } from "./hello.ts";

/** A cluster whose workers have met and whose TensorFlow servers run. */
export interface OpenCluster extends Disposable {
  readonly cluster: Cluster;
  /** The calls between this worker and all others. */
  readonly calls: Calls;
  /** TensorFlow's server of this worker. */
  readonly server: Server;
}

/** How to open a cluster. `threads` and `deterministic` as in `EngineOptions`. */
export interface ClusterOptions extends ProcessConfig {
  /** What all workers must have in common, by its name in messages. */
  readonly agreement: Agreement;
  /** Seconds until a worker that does not come, or says nothing, is lost. Default: 60. */
  readonly seconds?: number;
  /** Whether the user wants to stop. Called while it waits for other workers. Default: never. */
  readonly interrupted?: () => boolean;
  /** Receives a line about each thing found or downloaded. Default: none. */
  readonly log?: (line: string) => void;
}

/**
 * Waits for all workers of a cluster and starts TensorFlow's server, once in a process. Rejects with
 * a `Failure` as `callAll` and `openTensorflow` do.
 */
export async function openCluster(
  cluster: Cluster,
  { agreement, seconds = 60, threads, deterministic, interrupted, log }: ClusterOptions,
): Promise<OpenCluster> {
  using resources = new DisposableStack();
  const calls = resources.use(await callAll(cluster, agreement, seconds, interrupted));
  const config = { threads, deterministic };
  // TensorFlow logs a lost worker in a dozen lines, which the failure says in one.
  await openTensorflow(config, log, true);
  const server = start(cluster, config);
  // TensorFlow does not wait for a server that is not there yet.
  await calls.gather(new Uint8Array());
  const owned = resources.move();
  return { cluster, calls, server, [Symbol.dispose]: () => owned.dispose() };
}

function start({ addresses, rank }: Cluster, config: ProcessConfig): Server {
  try {
    return startServer(addresses, rank, config);
  } catch (error) {
    throw new Failure(1, messageOf(error), { cause: error });
  }
}
