import { Failure } from "../values/failure.ts";
import { type Cluster, workerName } from "./cluster.ts";
import type { Line } from "./line.ts";

/** The number of beats in the time after which a silent worker is lost. */
const BEATS = 6;

/** The calls between this worker and all others, watched over. */
export class Calls implements Disposable {
  readonly #cluster: Cluster;
  readonly #lines: readonly Line[];
  readonly #lost = new AbortController();
  readonly #resources: DisposableStack;

  /**
   * Watches over these lines. A worker is lost if its call ends, which `ended` says, or if it says
   * nothing for `seconds`. Closes `resources` in the end.
   */
  constructor(
    cluster: Cluster,
    lines: ReadonlyMap<Line, Promise<void>>,
    seconds: number,
    resources: DisposableStack,
  ) {
    this.#cluster = cluster;
    this.#lines = [...lines.keys()];
    this.#resources = resources;
    for (const [line, ended] of lines) {
      ended.then(() => this.#lose(line, "has ended"));
    }
    const clock = setInterval(() => this.#beat(seconds), 1000 * seconds / BEATS);
    resources.defer(() => clearInterval(clock));
  }

  /**
   * Aborts when another worker ends or says nothing for too long. The reason is a `Failure` (exit
   * 1) that names it.
   */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Sends bytes to all workers and resolves to what each of them sent, by rank, this one included.
   * All workers have to call it equally often. Rejects with the reason of `lost`, also if a worker
   * has left.
   */
  async gather(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>[]> {
    const all: Uint8Array<ArrayBuffer>[] = [];
    all[this.#cluster.rank] = bytes;
    await Promise.all(this.#lines.map(async (line) => {
      const [received] = await Promise.all([line.next(), line.send(bytes)]);
      all[line.rank] = received;
    }));
    return all;
  }

  /** Tells the others that this worker needs them no longer. It may then end without being lost. */
  async leave(): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.leave()));
  }

  /** Ends all calls. The others take this worker for lost unless it has left. */
  [Symbol.dispose](): void {
    this.#resources.dispose();
  }

  /** Says that this worker lives, and notices who has not said so for too long. */
  #beat(seconds: number): void {
    for (const line of this.#lines) {
      line.beat();
      // Counted in this worker's own beats: while it is busy, it hears nobody.
      if (++line.silence > BEATS) this.#lose(line, `has said nothing for ${seconds} s`);
    }
  }

  #lose(lost: Line, how: string): void {
    if (this.#resources.disposed || this.lost.aborted) return;
    const who = workerName(this.#cluster, lost.rank);
    const failure = new Failure(
      1,
      `${who} ${how}: start all workers again, without --fresh, and the run goes on from its last save`,
    );
    // Only a worker that still waits for its data misses one that has left.
    if (lost.hasLeft) return lost.giveUp(failure);
    this.#lost.abort(failure);
    for (const line of this.#lines) line.giveUp(failure);
  }
}
