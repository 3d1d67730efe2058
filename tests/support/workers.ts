/** Clusters of processes on this machine. */
import { fileURLToPath } from "node:url";

/** A worker's process. */
export interface WorkerProcess {
  readonly process: Deno.ChildProcess;
  /** Resolves when it has printed a line. */
  readonly started: Promise<void>;
  readonly outcome: Promise<WorkerOutcome>;
}

/** What a worker's process left. */
export interface WorkerOutcome {
  readonly code: number;
  /** Its output. */
  readonly out: string;
  /** Its errors, without colours. */
  readonly errors: string;
}

/** What a worker is started with. */
export interface WorkerStart {
  /** A task of `tests/support/worker.ts`. */
  readonly task: string;
  readonly addresses: readonly string[];
  readonly rank: number;
  /** Default: the same for all. */
  readonly declaration?: string;
  /** Seconds until a worker is lost. Default: 60. */
  readonly seconds?: number;
}

const script = fileURLToPath(new URL("worker.ts", import.meta.url));

/** Picks addresses that are free on this machine. Default of `host`: over IPv4. */
export function freeAddresses(count: number, host = "127.0.0.1"): string[] {
  const hostname = host.replace(/^\[|\]$/g, "");
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname, port: 0 }));
  const addresses = listeners.map(({ addr }) => `${host}:${addr.port}`);
  for (const listener of listeners) listener.close();
  return addresses;
}

/** Starts a worker. */
export function startWorker(
  { task, addresses, rank, declaration = "same", seconds = 60 }: WorkerStart,
): WorkerProcess {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, task, addresses.join(","), `${rank}`, declaration, `${seconds}`],
    // Other tests of this process may have set TensorFlow's level.
    env: { NO_COLOR: "1", TF_CPP_MIN_LOG_LEVEL: "" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const started = Promise.withResolvers<void>();
  const read = async () => {
    let out = "";
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      out += text;
      started.resolve();
    }
    started.resolve();
    return out;
  };
  const finish = async (): Promise<WorkerOutcome> => {
    const [out, errors, { code }] = await Promise.all([
      read(),
      new Response(process.stderr).text(),
      process.status,
    ]);
    return { code, out, errors };
  };
  return { process, started: started.promise, outcome: finish() };
}

/** Runs a task on `count` workers and waits for all of them. Default of `host`: over IPv4. */
export async function runWorkers(
  task: string,
  count: number,
  host?: string,
): Promise<WorkerOutcome[]> {
  const addresses = freeAddresses(count, host);
  return await Promise.all(
    addresses.map((_, rank) => startWorker({ task, addresses, rank }).outcome),
  );
}
