/**
 * The cohorts of a queue, each claimed before it trains; see `share_trials.ts`.
 *
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { Leases } from "../files/lease.ts";
import { describeHolder } from "../files/lease_holder.ts";
import { Failure } from "../values/failure.ts";
import { claim, tryClaim } from "./claim.ts";
import { cohorts, joinsCohort, mostTogether } from "./cohorts.ts";
import { findOtherWeights } from "./begun_weights.ts";
import { buildsOn, describeChange, lookAgain, type QueuedTrial } from "./queue.ts";
import { titleOf } from "./resolve.ts";
import type { Settings } from "./settings.ts";
import { type ClaimedTrial, shareTrials } from "./share_trials.ts";

/** Milliseconds between two looks at trials that other processes hold. */
const PERIOD = 2000;

/**
 * Claims the cohorts of a queue, one after the other. Waits for teachers and first stages that
 * other processes train. With `settings.pending`, leaves out requested trials that others train,
 * and otherwise rejects at the first one that they hold with a `Failure` (exit 2). Gives `refuse` a
 * trial that must not go on, with the reason: another process has meanwhile trained it with other
 * code, or its teachers or first stages have other weights than when it began. Rejects with a
 * `Failure` also if the queue trains done trials anew with `settings.pending` (exit 2), since each
 * process would, and if the user interrupts the waiting (exit 130).
 */
export async function* claimCohorts(
  waiting: readonly QueuedTrial[],
  settings: Settings,
  refuse: (trial: QueuedTrial, reason: string) => void,
): AsyncGenerator<readonly ClaimedTrial<QueuedTrial>[]> {
  const { pending = false, status, interrupted } = settings;
  if (pending && waiting.some(({ settings: { fresh } }) => fresh)) {
    throw new Failure(
      2,
      "--pending and --fresh exclude each other, since each process would train anew: leave out one of them",
    );
  }
  const most = mostTogether(settings);
  const leases = new Leases();
  let said = "";
  yield* shareTrials<QueuedTrial>(cohorts(waiting, most).flat(), {
    foundations: (trial) => waiting.filter((other) => buildsOn(trial, other)),
    claim: async (trial) =>
      pending || trial.need
        ? tryClaim(trial.folder, titleOf(trial), leases)
        : await claim(trial.folder, titleOf(trial), settings, leases),
    isDone: async (trial, isTried) => {
      const settings = isTried ? { ...trial.settings, fresh: false } : trial.settings;
      return (await lookAgain({ ...trial, settings })).state === "done";
    },
    isRefused: async (trial) => {
      const { state } = await lookAgain(trial);
      const reason = state === "changed"
        ? await describeChange(trial)
        : state === "begun"
        ? await findOtherWeights(trial)
        : undefined;
      if (reason !== undefined) refuse(trial, reason);
      return reason !== undefined;
    },
    joins: (group, trial) => group.length < most && joinsCohort(group, trial),
    wait: async (awaited) => {
      if (interrupted()) throw new Failure(130, "interrupted while others train");
      const lines = Array.from(awaited, ([trial, held]) => {
        const claimant = describeHolder(held.holder);
        const work = held.isSettled ? "trains" : "has claimed and may give back";
        if (held.isAlive) return `waits for ${titleOf(trial)}, which ${claimant} ${work}`;
        return `${titleOf(trial)}: watches whether ${claimant}, which claimed it, is alive`;
      });
      const text = lines.join("\n");
      if (text !== said) lines.forEach((line) => status.line(line));
      said = text;
      await pause(PERIOD);
    },
  });
}
