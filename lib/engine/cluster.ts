import { Failure, messageOf } from "../values/failure.ts";
import { arrayOf, count, looseObject, optional, readAs, text } from "../values/reader.ts";

/** The processes that train one trial together, and which of them this one is. */
export interface Cluster {
  /** The address of each worker, host:port, in order. */
  readonly addresses: readonly string[];
  /** This process's number among the workers, from 0. Worker 0 records. */
  readonly rank: number;
}

/** The flags that describe a cluster. */
export interface ClusterFlags {
  /** The addresses of all workers, host:port, with commas between. */
  readonly cluster?: string;
  /** The number of this worker, from 0. */
  readonly rank?: number;
  /** Whether norms have the statistics of all workers. */
  readonly "sync-norm"?: boolean;
}

/**
 * Reads the cluster from the flags or, without them, from the text of the variable `TF_CONFIG`.
 * `undefined` if there is none, or one worker only. Throws a `Failure` (exit 2) that says what is
 * wrong.
 */
export function clusterOf(
  { cluster, rank, "sync-norm": syncNorm }: ClusterFlags,
  tfConfig: string | undefined,
): Cluster | undefined {
  if (cluster === undefined && rank === undefined) {
    if (tfConfig) return clusterInTfConfig(tfConfig);
    if (!syncNorm) return undefined;
    throw new Failure(2, "--sync-norm needs --cluster host:port,host:port, or TF_CONFIG");
  }
  if (cluster === undefined) {
    throw new Failure(2, "--rank needs --cluster host:port,host:port");
  }
  const addresses = cluster.split(",").map((address) => address.trim());
  if (rank === undefined) {
    throw new Failure(2, `--cluster needs --rank, from 0 to ${addresses.length - 1}`);
  }
  return checkCluster({ addresses, rank }, "--cluster", "--rank");
}

/** The members of `TF_CONFIG` that Retort reads. */
interface TfConfig {
  readonly cluster?: { readonly chief?: readonly string[]; readonly worker?: readonly string[] };
  readonly task?: { readonly type: string; readonly index: number };
}

const readTfConfig = looseObject<TfConfig>({
  cluster: optional(
    looseObject({ chief: optional(arrayOf(text)), worker: optional(arrayOf(text)) }),
  ),
  task: optional(looseObject({ type: text, index: count })),
});

/** Reads the ecosystem's JSON. A chief is worker 0 and the other workers follow it. */
function clusterInTfConfig(json: string): Cluster | undefined {
  const refuse = (problem: string) => new Failure(2, `TF_CONFIG: ${problem}`);
  const { cluster, task } = readAs(parseJson(json, refuse), readTfConfig, refuse);
  const { chief = [], worker = [] } = cluster ?? {};
  const addresses = [...chief, ...worker];
  if (addresses.length === 0) return undefined;
  if (!task) throw refuse("task is missing: it has to say this worker's type and index");
  const firsts: Readonly<Record<string, number>> = { chief: 0, worker: chief.length };
  if (!Object.hasOwn(firsts, task.type)) {
    throw refuse(`task.type has to be "worker" or "chief", not "${task.type}"`);
  }
  const own = task.type === "chief" ? chief : worker;
  if (task.index >= own.length) {
    throw refuse(`task.index is ${task.index}, but cluster.${task.type} has ${own.length}`);
  }
  const rank = firsts[task.type] + task.index;
  return checkCluster({ addresses, rank }, "TF_CONFIG", "task.index");
}

function parseJson(json: string, refuse: (problem: string) => Failure): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw refuse(`not JSON: ${messageOf(error)}`);
  }
}

/** Checks a cluster. `undefined` if it has one worker. */
function checkCluster(
  cluster: Cluster,
  source: string,
  rankName: string,
): Cluster | undefined {
  const { addresses, rank } = cluster;
  const wrong = addresses.find((address) => !isAddress(address));
  if (wrong !== undefined) {
    throw new Failure(2, `${source}: "${wrong}" is no address; write host:port`);
  }
  const twice = addresses.find((address, i) => addresses.indexOf(address) !== i);
  if (twice !== undefined) throw new Failure(2, `${source}: ${twice} is there twice`);
  if (rank < 0 || rank >= addresses.length) {
    const last = addresses.length - 1;
    throw new Failure(2, `${rankName} ${rank}: the workers have the numbers 0 to ${last}`);
  }
  return addresses.length === 1 ? undefined : cluster;
}

function isAddress(address: string): boolean {
  const { hostname, port } = addressOf(address);
  return /^[^\s:/,]+$|^[0-9a-f:]+$/i.test(hostname) && port > 0 && port < 65536;
}

/** Splits host:port. An IPv6 host has brackets. */
export function addressOf(address: string): { readonly hostname: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|(.*)):(\d+)$/.exec(address) ?? [];
  return { hostname: bracketed ?? plain ?? "", port: Number(port ?? 0) };
}

/** How messages name a worker: `worker 1 (host:port)`. */
export function workerName({ addresses }: Cluster, rank: number): string {
  return `worker ${rank} (${addresses[rank]})`;
}
