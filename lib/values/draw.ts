/**
 * Identifies a pass over the training images. Random choices while reading (a part of an image of
 * any size, whether it is mirrored, what a policy does) depend only on this and on the image's
 * index, so that a resumed run reads the same pixels.
 */
export interface Draw {
  readonly seed: number;
  /** Counts from 1. */
  readonly epoch: number;
  /** How often the epoch showed each image of this read before. Default: never. */
  readonly repeats?: Uint32Array;
}

/** The name of the random numbers of the image `index`, which is number `i` of a read. */
export function drawName({ epoch, repeats }: Draw, index: number, i: number): string {
  const repeat = repeats?.[i] ?? 0;
  return repeat === 0 ? `${epoch}/${index}` : `${epoch}/${index}/${repeat}`;
}
