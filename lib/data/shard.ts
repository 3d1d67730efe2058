import { Failure } from "../values/failure.ts";
import type { Share } from "../values/share.ts";

/** A worker's images of an epoch. */
export interface Shard {
  /** The indices of its images, batch after batch. */
  readonly order: Uint32Array;
  /** The number of its images in a whole batch. The last batch may have fewer. */
  readonly batch: number;
}

/**
 * A worker's part of each batch of an epoch: every `workers`-th image of the batch, from number
 * `rank` on. So the parts' sizes differ by at most one, and image i of a part is image i · workers +
 * rank of the batch, whatever the size of the batch. One worker has all.
 */
export function shardOf(order: Uint32Array, batch: number, { rank, workers }: Share): Shard {
  return {
    order: order.filter((_, i) => i % batch % workers === rank),
    batch: Math.ceil((batch - rank) / workers),
  };
}

/**
 * Throws a `Failure` (exit 2) if a batch of `images` images in batches of `batch` has fewer images
 * than there are workers, each with `parts` parts of its images: one would have nothing to do.
 */
export function checkShards(images: number, batch: number, workers: number, parts = 1): void {
  const last = images % batch;
  const smallest = last === 0 ? Math.min(batch, images) : last;
  // One worker alone may take fewer parts.
  if (workers === 1 ? smallest > 0 : smallest >= workers * parts) return;
  const which = smallest === last && images > batch ? "the last batch" : "a batch";
  const inParts = parts > 1 ? ` with ${parts} parts each` : "";
  const most = Math.max(1, Math.floor(smallest / parts));
  throw new Failure(
    2,
    `${which} has ${smallest} images, too few for ${workers} workers${inParts}: use at most ${most} workers, or another batch size`,
  );
}
