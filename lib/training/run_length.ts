import type { RunLength, Schedule } from "../experiment/schedule.ts";
import { Failure } from "../values/failure.ts";

/**
 * The length of a run whose epochs show so many images, with at most `limit` steps in each. With a
 * limit, the declared iterations are fewer in proportion. Default: no limit.
 */
export function runLength(
  images: number,
  { epochs, iterations, batch }: Pick<Schedule, "epochs" | "iterations" | "batch">,
  limit = Infinity,
): RunLength {
  const whole = Math.ceil(images / batch);
  const steps = Math.min(limit, whole);
  const total = iterations === undefined ? epochs * steps : Math.ceil(iterations * steps / whole);
  return { steps, total };
}

/** The steps of the epoch `epoch`, counted from 1. */
export function stepsInEpoch({ steps, total }: RunLength, epoch: number): number {
  return Math.min(steps, total - (epoch - 1) * steps);
}

/**
 * Throws a `Failure` (exit 2) if the iterations of a schedule do not end within its last epoch, of
 * so many images.
 */
export function checkIterations(
  images: number,
  schedule: Pick<Schedule, "id" | "epochs" | "iterations" | "batch">,
): void {
  const { id, epochs, iterations, batch } = schedule;
  if (iterations === undefined) return;
  const { steps } = runLength(images, schedule);
  const needed = Math.ceil(iterations / steps);
  if (epochs === needed) return;
  throw new Failure(
    2,
    `${id}: ${iterations} iterations begin ${needed} epochs of ${steps} steps (${images} images ` +
      `in batches of ${batch}), and \`epochs\` is ${epochs}: declare ${needed}`,
  );
}
