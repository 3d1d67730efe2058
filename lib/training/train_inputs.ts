import { batches, type BatchSource, inOrder } from "./batches.ts";
import { epochSize, shownAt } from "../data/epoch.ts";
import { arrangeByShape } from "../data/padded.ts";
import { shardOf } from "../data/shard.ts";
import { ALONE, type Share } from "../values/share.ts";
import type { Inputs } from "../values/input.ts";
import { stream } from "../values/random.ts";
import type { Schedule } from "../experiment/schedule.ts";
import { runLength, stepsInEpoch } from "./run_length.ts";
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

/**
 * Reads the inputs of an epoch's training steps from a position on, in the order of the seed's
 * shuffle, each image as often as the split repeats it, with the learning rate of each schedule. All
 * images of a batch have one shape. All schedules have the same length and batch. `limit` as in
 * `runLength`. `share` is the part of each batch to read. Default: all.
 */
export async function* trainInputs(
  source: BatchSource,
  schedules: readonly Schedule[],
  seed: number,
  { epoch, batch, step }: RunPosition,
  limit?: number,
  share: Share = ALONE,
): AsyncGenerator<Inputs<TrainInput>> {
  const [{ batch: size }] = schedules;
  const { split } = source;
  const length = runLength(epochSize(split), schedules[0], limit);
  const count = stepsInEpoch(length, epoch);
  const places = inOrder(epochSize(split)).subarray(batch * size, count * size);
  const own = shardOf(places, size, share);
  const shuffled = stream(seed, `shuffle/${epoch}`).permutation(split.size);
  const arranged = split.padded ? arrangeByShape(shuffled, split.padded, size) : shuffled;
  const { order, repeats } = shownAt(own.order, arranged, split.repeats);
  for await (const inputs of batches(source, order, own.batch, { seed, epoch, repeats })) {
    const rates = Float32Array.from(schedules, (schedule) => schedule.rate(epoch, batch, length));
    batch++;
    yield {
      ...inputs,
      rate: { shape: [rates.length], data: rates },
      epoch: { shape: [], data: Float32Array.of(epoch) },
      step: { shape: [], data: Int32Array.of(step++) },
    };
  }
}
