/**
 * How the workers of a cluster reach one another beside TensorFlow: each calls every other over
 * TCP, on the port that TensorFlow's server takes afterwards. A worker speaks on the calls that it
 * makes and hears on those that it gets, for as long as it lives. So every address is tried before
 * any training, and a worker that ends or falls silent is noticed, whatever it was doing.
 *
 * @module
 */
import { Failure, systemMessageOf } from "../values/failure.ts";
import { Calls } from "./calls.ts";
import { addressOf, type Cluster, workerName } from "./cluster.ts";
import { type Agreement, checkHello, decodeHello, encodeHello, type Hello } from "./hello.ts";
import { Line } from "./line.ts";
import { encodeMessage, readMessages } from "./wire.ts";

/** The kind of a call's first message, a hello in each direction. */
const HELLO = 0;

/** The longest hello and the longest other message, in bytes. */
const LONGEST_HELLO = 2 ** 16;
const LONGEST = 2 ** 31;

/** Milliseconds between two attempts to call a worker, or two looks at an interruption. */
const AGAIN = 200;

/**
 * Calls all other workers, waits for their calls and watches over them. A worker that does not come
 * within `seconds`, or later says nothing for as long, is lost. Rejects with a `Failure`: exit 1 if
 * this worker cannot listen on its port or another worker does not come in time; exit 2, here and
 * there, if another worker has another cluster or does not agree; exit 130 if it is `interrupted`
 * while it waits. Default: never.
 */
export async function callAll(
  cluster: Cluster,
  agreement: Agreement,
  seconds: number,
  interrupted: () => boolean = () => false,
): Promise<Calls> {
  using resources = new DisposableStack();
  const { addresses, rank } = cluster;
  const hello: Hello = { addresses, rank, agreement };
  using listener = listen(addresses[rank]);
  const { got, refused } = answerCalls(listener, hello, resources);
  const missing = new Set(addresses.keys());
  missing.delete(rank);
  const meet = async (other: number): Promise<readonly [Line, Promise<void>]> => {
    const made = await makeCall(addresses[other], hello, resources);
    const call = await got[other];
    missing.delete(other);
    const line = new Line(other, made.writable);
    return [line, line.hear(readMessages(call, LONGEST, () => line.silence = 0))];
  };
  const deadline = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => deadline.reject(lateness(cluster, missing, seconds)),
    1000 * seconds,
  );
  const watch = setInterval(() => {
    if (interrupted()) {
      deadline.reject(new Failure(130, "interrupted while it waited for other workers"));
    }
  }, AGAIN);
  try {
    const lines = await Promise.race([
      Promise.all(Array.from(missing, meet)),
      refused,
      deadline.promise,
    ]);
    return new Calls(cluster, new Map(lines), seconds, resources.move());
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
  }
}

/** Listens on this worker's own port. */
function listen(address: string): Deno.TcpListener {
  const { hostname, port } = addressOf(address);
  // On every interface, like TensorFlow's server. Only an IPv6 host has colons.
  const interfaces = hostname.includes(":") ? "::" : "0.0.0.0";
  try {
    return Deno.listen({ hostname: interfaces, port });
  } catch (cause) {
    const problem = cause instanceof Deno.errors.AddrInUse
      ? "this port is taken: end its owner, or use another one"
      : `cannot listen here: ${systemMessageOf(cause)}: use another port, at least 1024`;
    throw new Failure(1, `${address}: ${problem}`, { cause });
  }
}

/** The calls that a worker gets. */
interface Answered {
  /** The call of each other worker, by rank. */
  readonly got: readonly Promise<Deno.TcpConn>[];
  /** Rejects with a `Failure` if a worker calls that does not belong here. */
  readonly refused: Promise<never>;
}

/** Answers calls until the listener closes. */
function answerCalls(
  listener: Deno.TcpListener,
  hello: Hello,
  resources: DisposableStack,
): Answered {
  const got = hello.addresses.map(() => Promise.withResolvers<Deno.TcpConn>());
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => {});
  const answer = async (call: Deno.TcpConn) => {
    const theirs = await greet(call, hello);
    if (!theirs) return;
    checkHello(hello, theirs);
    got[theirs.rank].resolve(call);
  };
  (async () => {
    for await (const call of listener) {
      resources.defer(() => hangUp(call));
      answer(call).catch(refused.reject);
    }
  })();
  return { got: got.map(({ promise }) => promise), refused: refused.promise };
}

/** Calls a worker until it answers. Rejects with a `Failure` if it does not belong here. */
async function makeCall(
  address: string,
  hello: Hello,
  resources: DisposableStack,
): Promise<Deno.TcpConn> {
  while (true) {
    const call = await Deno.connect(addressOf(address)).catch(() => undefined);
    const theirs = call && await greet(call, hello);
    if (call && theirs && !resources.disposed) {
      resources.defer(() => hangUp(call));
      checkHello(hello, theirs);
      return call;
    }
    if (call) hangUp(call);
    // Nobody waits for this any more.
    if (resources.disposed) return await new Promise(() => {});
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}

/** Closes a call. */
function hangUp(call: Deno.TcpConn): void {
  try {
    call.close();
  } catch (error) {
    // Deno closes a call itself when the other side has.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** Exchanges hellos. `undefined` if the other side says none: it is no worker. */
async function greet(call: Deno.TcpConn, hello: Hello): Promise<Hello | undefined> {
  try {
    const speech = call.writable.getWriter();
    await speech.write(encodeMessage(HELLO, encodeHello(hello)));
    speech.releaseLock();
    const { value } = await readMessages(call, LONGEST_HELLO).next();
    return value && decodeHello(value.bytes);
  } catch {
    return undefined;
  }
}

/** Says which workers have not come. */
function lateness(cluster: Cluster, missing: ReadonlySet<number>, seconds: number): Failure {
  const names = Array.from(missing, (rank) => workerName(cluster, rank)).join(", ");
  const what = `${names} did not come within ${seconds} s`;
  return new Failure(1, `${what}: start every worker, and check the addresses in --cluster`);
}
