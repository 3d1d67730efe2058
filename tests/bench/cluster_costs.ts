import { formatTable } from "../../lib/values/markdown.ts";
import { freeAddresses } from "../support/workers.ts";
import { timeOurs } from "./processes.ts";

/** The pairs whose step is timed in a cluster. */
export const CLUSTER_PAIRS = ["vgg13-vgg8", "resnet56-resnet20"] as const;

/** Workers of the cluster, each with one thread. */
const WORKERS = 2;

/** The cost of a step of KD in one process with one thread, and in a cluster of two. */
export interface ClusterCost {
  /** Teacher and student. */
  readonly pair: string;
  /** Milliseconds of the fastest step of one process with the whole batch. */
  readonly alone: number;
  /** Milliseconds of the fastest step of two processes that share the batch. */
  readonly together: number;
}

/**
 * Times the steps of pairs, alone and in a cluster on this machine, by turns in their own
 * processes. The best of all rounds counts.
 */
export async function clusterCosts(
  pairs: readonly string[],
  precision: string,
  rounds: number,
  steps: number,
  report: (line: string) => void,
): Promise<ClusterCost[]> {
  const costs: ClusterCost[] = [];
  for (const pair of pairs) {
    let [alone, together] = [Infinity, Infinity];
    const how = { steps, threads: 1 };
    for (let round = 0; round < rounds; round++) {
      const one = await timeOurs({ pair, precision }, how);
      const addresses = freeAddresses(WORKERS);
      const all = await Promise.all(
        addresses.map((_, rank) =>
          timeOurs({ pair, precision }, { ...how, cluster: addresses.join(), rank })
        ),
      );
      // All workers wait for the slowest one.
      const two = Math.max(...all.map(({ min_ms }) => min_ms));
      report(`${pair} ${precision}: ${one.min_ms} ms alone, ${two} ms of ${WORKERS} workers`);
      alone = Math.min(alone, one.min_ms);
      together = Math.min(together, two);
    }
    costs.push({ pair, alone, together });
  }
  return costs;
}

/** Formats costs as a table, in milliseconds. An efficiency of 1 would be half of the time. */
export function clusterTable(costs: readonly ClusterCost[]): string {
  return formatTable(
    ["pair", "1 worker", `${WORKERS} workers`, "efficiency"],
    costs.map(({ pair, alone, together }) => [
      pair,
      alone.toFixed(1),
      together.toFixed(1),
      (alone / (WORKERS * together)).toFixed(3),
    ]),
  );
}
