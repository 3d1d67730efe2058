import type { Split } from "../../lib/data/dataset.ts";
import { Failure } from "../../lib/values/failure.ts";

/** Bytes in the plane of a channel: one per pixel. */
export const PLANE = 32 * 32;

/**
 * Images of 32 × 32 pixels with their labels, in records of the same size: some bytes, then the
 * three planes of red, green and blue.
 */
export interface CifarBatch {
  /** The file, for messages. */
  readonly path: string;
  /** The class of each image. */
  readonly labels: ArrayLike<number>;
  readonly bytes: Uint8Array;
  /** The number of bytes of a record. */
  readonly record: number;
  /** The number of bytes before the planes in a record. */
  readonly start: number;
}

/** The contents of a CIFAR data set. All batches of a split have the same number of images. */
export interface CifarImages {
  /** The name of each class. */
  readonly classes: readonly string[];
  readonly train: readonly CifarBatch[];
  readonly test: readonly CifarBatch[];
}

/**
 * Throws a `Failure` (exit 3) that ends with `again` if a label of the batch is not the number of a
 * class.
 */
export function checkLabels(
  { path, labels }: CifarBatch,
  classes: number,
  again: string,
): void {
  const wrong = Array.from(labels).findIndex((label) => !(label >= 0 && label < classes));
  if (wrong < 0) return;
  throw new Failure(
    3,
    `${path}: record ${wrong} has the label ${labels[wrong]}, expected 0 to ${
      classes - 1
    }: ${again}`,
  );
}

/** Makes one split of several batches. Reads interleave the planes to RGB pixels. */
export function batchSplit(batches: readonly CifarBatch[]): Split {
  const perBatch = batches[0].labels.length;
  return {
    size: batches.length * perBatch,
    labels: Int32Array.from(batches.flatMap(({ labels }) => Array.from(labels))),
    read(indices) {
      const out = new Uint8Array(indices.length * 3 * PLANE);
      let to = 0;
      for (let i = 0; i < indices.length; i++) {
        const { bytes, record, start } = batches[Math.floor(indices[i] / perBatch)];
        const first = indices[i] % perBatch * record + start;
        for (let from = first; from < first + PLANE; from++) {
          out[to++] = bytes[from];
          out[to++] = bytes[from + PLANE];
          out[to++] = bytes[from + 2 * PLANE];
        }
      }
      return Promise.resolve(out);
    },
  };
}
