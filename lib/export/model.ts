import type { Normalisation } from "../data/dataset.ts";
import type { Net } from "../nn/network.ts";
import type { Task } from "../tasks/task.ts";
import type { Value } from "../weights/value.ts";

/** A trained network to export. */
export interface ExportedModel {
  /** The network. */
  readonly network: Net;
  /** The goal that it learned, which says what it predicts. */
  readonly task: Task;
  /** The shape of its input images. */
  readonly image: readonly [height: number, width: number, channels: number];
  /** The name of each class, in the order of the scores. */
  readonly classes: readonly string[];
  /** The normalisation of pixels. */
  readonly normalisation: Normalisation;
  /** Describes how to resize images. `undefined` if it has only seen images of its own size. */
  readonly resize?: string;
  /** The values of its variables, by Retort's names. */
  readonly tensors: ReadonlyMap<string, Value>;
  /** Its origin, as texts by name. */
  readonly origin: Readonly<Record<string, string>>;
}

/** The name of a label as an input: `size` for `labelSize`. */
export function inputName(label: string): string {
  const bare = label.replace(/^label/, "");
  return bare.charAt(0).toLowerCase() + bare.slice(1);
}
