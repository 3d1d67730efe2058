import { batches, type BatchSource } from "./batches.ts";
import type { Input, Inputs } from "../values/input.ts";
import { stream } from "../values/random.ts";
import type { Schedule } from "../experiment/schedule.ts";
import type { TrainInput } from "./step.ts";

/** A place in a run: its next step. */
export interface RunPosition {
  /** The epoch, counted from 1. */
  readonly epoch: number;
  /** How many of its batches are done. */
  readonly batch: number;
  /** How many steps of the run are done. */
  readonly step: number;
}

/** How many batches an epoch has. `limit`: at most so many. Default: all. */
export function batchCount(images: number, { batch }: Schedule, limit = Infinity): number {
  return Math.min(limit, Math.ceil(images / batch));
}

/**
 * The inputs of an epoch's training steps from a place on, in the order of the run's own shuffle.
 * `limit` as in `batchCount`.
 */
export async function* trainInputs(
  source: BatchSource,
  schedule: Schedule,
  seed: number,
  { epoch, batch, step }: RunPosition,
  limit?: number,
): AsyncGenerator<Inputs<TrainInput>> {
  const size = schedule.batch;
  const count = batchCount(source.split.size, schedule, limit);
  const order = stream(seed, `shuffle/${epoch}`).permutation(source.split.size).subarray(
    batch * size,
    count * size,
  );
  for await (const given of batches(source, order, size, { seed, epoch })) {
    const rate = scalar(schedule.rate(epoch, batch++, count));
    yield {
      ...given,
      rate,
      epoch: scalar(epoch),
      step: { shape: [], data: Int32Array.of(step++) },
    };
  }
}

const scalar = (value: number): Input => ({ shape: [], data: Float32Array.of(value) });
