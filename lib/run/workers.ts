/**
 * The workers of a cluster that train the same trials together, as one of them sees them. Worker 0
 * leads: it alone claims, evaluates, saves and records. All of them run the same steps.
 *
 * @module
 */
import { workerName } from "../engine/cluster.ts";
import type { OpenCluster } from "../engine/open_cluster.ts";
import { Failure } from "../values/failure.ts";
import { ALONE, type Share } from "../values/share.ts";

/**
 * The workers that train together. All of them have to make the same calls in the same order. A
 * call rejects with a `Failure` (exit 1) if a worker is lost.
 */
export interface Workers {
  /** The part of each batch that this worker has. */
  readonly share: Share;
  /** Whether this worker leads. */
  readonly leads: boolean;
  /** Whether any worker says yes. */
  any(yes: boolean): Promise<boolean>;
  /** The least of the workers' numbers. */
  least(number: number): Promise<number>;
  /** Gives all workers the leader's text. */
  follow(text: string): Promise<string>;
  /**
   * Rejects with a `Failure` (exit 2) that names the difference if a worker has another text for
   * `name` than the leader.
   */
  agree(name: string, text: string): Promise<void>;
}

/** A process that trains alone. */
export const SOLE_WORKER: Workers = {
  share: ALONE,
  leads: true,
  any: (yes) => Promise.resolve(yes),
  least: (number) => Promise.resolve(number),
  follow: (text) => Promise.resolve(text),
  agree: () => Promise.resolve(),
};

/** The workers of an open cluster. */
export function workersOf({ cluster, calls }: OpenCluster): Workers {
  const { rank, addresses } = cluster;
  const gather = async (text: string) =>
    (await calls.gather(new TextEncoder().encode(text))).map((bytes) =>
      new TextDecoder().decode(bytes)
    );
  return {
    share: { rank, workers: addresses.length },
    leads: rank === 0,
    any: async (yes) => (await gather(String(yes))).includes(String(true)),
    least: async (number) => Math.min(...(await gather(String(number))).map(Number)),
    follow: async (text) => (await gather(text))[0],
    async agree(name, text) {
      const [leader, ...others] = await gather(text);
      const other = 1 + others.findIndex((one) => one !== leader);
      if (other === 0) return;
      throw new Failure(
        2,
        `${workerName(cluster, other)} has another ${name} than worker 0: ${others[other - 1]}, ` +
          `not ${leader}; do all workers see the same project and data?`,
      );
    },
  };
}
