import type { Pickled } from "./objects.ts";

/**
 * What `torch.save` wrote: a value, and the storages that its tensors lie in, which are read one by
 * one.
 */
export interface Saved {
  /** The value. */
  readonly value: Pickled;
  /** How many bytes the file has of a storage; undefined where it has no such storage. */
  size(key: string): number | undefined;
  /**
   * The bytes of a storage, with a buffer of their own. Throws where the file has none or they are
   * damaged.
   */
  read(key: string): Uint8Array<ArrayBuffer>;
}

/** A pickle may be so many bytes long. Those of large networks have some hundred thousand. */
export const PICKLE = 2 ** 24;
