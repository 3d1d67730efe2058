/**
 * How a run stops where no step trains, as the user wants: nothing is there to save.
 *
 * @module
 */
import { Failure } from "../values/failure.ts";
import type { Settings } from "./settings.ts";
import { SOLE_WORKER } from "./workers.ts";

/** The message of a run that was stopped before its first step. */
export const BEFORE_TRAINING = "interrupted before the training";

/** The settings that say whether to stop. */
export type Stopping = Pick<Settings, "interrupted" | "workers">;

/**
 * Rejects with a `Failure` (exit 130) with this message if the user wants to stop a worker. All
 * workers have to call it.
 */
export async function stopIfInterrupted(
  { interrupted, workers = SOLE_WORKER }: Stopping,
  message: string,
): Promise<void> {
  if (await workers.any(interrupted())) throw new Failure(130, message);
}

/**
 * Returns what to call between two batches of work that only the leader does: it throws a `Failure`
 * (exit 130) with this message if the user wants to stop. If other workers wait for this work, it
 * does nothing: all of them stop together, after their next step.
 */
export function interruptible(
  { interrupted, workers = SOLE_WORKER }: Stopping,
  message: string,
): () => void {
  if (workers.share.workers > 1) return () => {};
  return () => {
    if (interrupted()) throw new Failure(130, message);
  };
}
