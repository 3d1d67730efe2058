import type { Normalisation } from "../data/dataset.ts";
import type { Net } from "../nn/network.ts";
import type { Value } from "../weights/value.ts";

/** A trained network on its way out. */
export interface ExportedModel {
  /** What it is; its last stage is `logits`. */
  readonly network: Net;
  /** Height, width and channels of the images it takes. */
  readonly image: readonly [height: number, width: number, channels: number];
  /** The name of each class, in the order of its logits. */
  readonly classes: readonly string[];
  /** How pixels become its input. */
  readonly normalisation: Normalisation;
  /**
   * How images of another size become its own; absent where it has only seen images that have it.
   */
  readonly resize?: string;
  /** Its variables' values by our names. */
  readonly tensors: ReadonlyMap<string, Value>;
  /** Where it comes from, in texts by name. */
  readonly origin: Readonly<Record<string, string>>;
}
