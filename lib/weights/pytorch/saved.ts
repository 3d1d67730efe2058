import type { Pickled } from "./objects.ts";

/**
 * The contents of a file of `torch.save`: a value, and the storages of its tensors, which are read
 * one by one.
 */
export interface TorchFile {
  readonly value: Pickled;
  /** The number of bytes that the file has of a storage. `undefined` if it has no such storage. */
  size(key: string): number | undefined;
  /**
   * Reads a storage into a buffer of its own. Throws if the file has no such storage or it is
   * damaged.
   */
  read(key: string): Uint8Array<ArrayBuffer>;
  /** Whether the numbers in storages are big-endian. Default: no. */
  readonly isBigEndian?: boolean;
}

/** The maximum length of a pickle in bytes. Those of large networks have a few hundred thousand. */
export const MAX_PICKLE_BYTES = 2 ** 24;
