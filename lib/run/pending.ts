/**
 * `--pending`: any number of processes share the trials of a queue; see `share_trials.ts`.
 *
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { Leases } from "../files/lease.ts";
import { Failure } from "../values/failure.ts";
import { describeClaimant, tryClaim } from "./claim.ts";
import { isSameTrial, listFoundations, type QueuedTrial } from "./queue.ts";
import { resolveRun } from "./resolve.ts";
import type { Settings } from "./settings.ts";
import { type ClaimedTrial, shareTrials, type Sharing } from "./share_trials.ts";

/** Milliseconds between two looks at trials that other processes hold. */
const PERIOD = 2000;

/**
 * Shares the trials of a queue with other processes; see `shareTrials`. Rejects with a `Failure`:
 * exit 2 if the queue trains done trials anew, since each process would; exit 130 if the user
 * interrupts the waiting.
 */
export async function* pendingTrials(
  waiting: readonly QueuedTrial[],
  settings: Pick<Settings, "status" | "interrupted">,
  joins?: Sharing<QueuedTrial>["joins"],
): AsyncGenerator<readonly ClaimedTrial<QueuedTrial>[]> {
  if (waiting.some(({ settings: { fresh } }) => fresh)) {
    throw new Failure(2, "--pending and --fresh exclude each other: each process would train anew");
  }
  const leases = new Leases();
  let said = "";
  yield* shareTrials<QueuedTrial>(waiting, {
    foundations: ({ experiment }) => {
      const needed = listFoundations(experiment).map(({ trained }) => trained);
      return waiting.filter((trial) => needed.some((one) => isSameTrial(one, trial)));
    },
    claim: (trial) => tryClaim(trial.folder, titleOf(trial), leases),
    isDone: async ({ experiment, seed, settings, keep }) =>
      (await resolveRun(experiment, seed, settings, keep)).state === "done",
    joins,
    wait: async (awaited) => {
      if (settings.interrupted()) throw new Failure(130, "interrupted while others train");
      const lines = Array.from(
        awaited,
        ([trial, held]) => `waits for ${titleOf(trial)}, claimed by ${describeClaimant(held)}`,
      );
      const text = lines.join("\n");
      if (text !== said) lines.forEach((line) => settings.status.line(line));
      said = text;
      await pause(PERIOD);
    },
  });
}

function titleOf({ identity: { id }, seed, quick }: QueuedTrial): string {
  return `${id} seed ${seed}${quick ? ` (${quick})` : ""}`;
}
