import { batches, type BatchSource } from "./batches.ts";
import type { Input, Inputs } from "../values/input.ts";
import { stream } from "../values/random.ts";
import type { Schedule } from "../experiment/schedule.ts";
import type { TrainInput } from "./step.ts";

/** A position in a run: its next step. */
export interface RunPosition {
  /** Counts from 1. */
  readonly epoch: number;
  /** The number of finished batches of the epoch. */
  readonly batch: number;
  /** The number of finished steps of the run. */
  readonly step: number;
}

/** The number of batches of an epoch, at most `limit`. Default: all. */
export function batchCount(images: number, { batch }: Schedule, limit = Infinity): number {
  return Math.min(limit, Math.ceil(images / batch));
}

/**
 * Reads the inputs of an epoch's training steps from a position on, in the order of the run's own
 * shuffle. `limit` as in `batchCount`.
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
  for await (const inputs of batches(source, order, size, { seed, epoch })) {
    const rate = scalar(schedule.rate(epoch, batch++, count));
    yield {
      ...inputs,
      rate,
      epoch: scalar(epoch),
      step: { shape: [], data: Int32Array.of(step++) },
    };
  }
}

const scalar = (value: number): Input => ({ shape: [], data: Float32Array.of(value) });
