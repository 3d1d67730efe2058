/**
 * Configuration of the whole process: TensorFlow creates its thread pools once and reads its
 * environment once.
 */
export interface ProcessConfig {
  /** Threads for one op and for several ops at once. Default: all cores. */
  readonly threads?: number;
  /**
   * Whether the order of every sum is fixed: ops run one after another, and TensorFlow reorders none
   * of them. Default: false.
   */
  readonly deterministic?: boolean;
}

/** Configuration of a session or of the eager context. */
export interface Config extends ProcessConfig {
  /**
   * Whether multiplications use bfloat16 (oneDNN). Weights and sums stay float32. Default: false.
   */
  readonly bfloat16?: boolean;
  /** The server of a cluster that the session runs on. Default: none, in this process alone. */
  readonly server?: Server;
}

/** TensorFlow's server of this process, one of a cluster. */
export interface Server {
  /** Its address, as TensorFlow gives it: `grpc://host:port`. */
  readonly target: string;
  /** The number of its process in the cluster, from 0. */
  readonly rank: number;
}

/** The job of a cluster's workers in TensorFlow's names of devices. */
export const JOB = "worker";

/** Encodes a `ConfigProto` as protocol-buffer bytes. */
export function configProto(
  { threads, bfloat16, deterministic, server }: Omit<Config, "server"> & {
    readonly server?: Pick<Server, "rank">;
  },
): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  if (threads) bytes.push(0x10, ...varint(threads));
  if (threads || deterministic) bytes.push(0x28, ...varint(deterministic ? 1 : threads!));
  // meta_optimizer_iterations = ONE: the second pass over a step's graph finds next to nothing, and
  // takes as long as the first. memory_optimization = NO_MEM_OPT: it takes the longest of all, and
  // only has a detector's graph add up some large tensors in place.
  const rewrites = [0x60, 0x01, 0x20, 0x01];
  // arithmetic_optimization = OFF: it orders sums by what else is in the graph, as in a cohort.
  if (deterministic) rewrites.push(0x38, 0x02);
  // auto_mixed_precision_onednn_bfloat16 = ON
  if (bfloat16) rewrites.push(0xf8, 0x01, 0x01);
  // remapping = OFF: a server has no kernels for the convolutions in bfloat16 that it would fuse.
  if (bfloat16 && server) rewrites.push(0x70, 0x02);
  // graph_options.rewrite_options
  bytes.push(0x52, rewrites.length + 2, 0x52, rewrites.length, ...rewrites);
  if (server) {
    // device_filters: no op runs on another worker.
    bytes.push(0x22, ...text(`/job:${JOB}/task:${server.rank}`));
    // isolate_session_state: two sessions may have variables of one name.
    bytes.push(0x78, 0x01);
    // experimental.collective_group_leader
    const leader = [0x0a, ...text(`/job:${JOB}/replica:0/task:0`)];
    bytes.push(0x82, 0x01, ...varint(leader.length), ...leader);
  }
  return Uint8Array.from(bytes);
}

/** Encodes a text with its length before it. */
function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [...varint(bytes.length), ...bytes];
}

/** Encodes a number as protocol buffers do: seven bits per byte, the lowest first. */
function varint(value: number): number[] {
  return value < 0x80 ? [value] : [value & 0x7f | 0x80, ...varint(value >>> 7)];
}
