import type { ExportedModel } from "./model.ts";

/** The files of an export, by path in its folder. */
export type Files = ReadonlyMap<string, Uint8Array | string>;

/** A format in which a trained network is exported. */
export interface Format {
  /** The name of the format, e.g. `TensorFlow SavedModel`. */
  readonly title: string;
  /** The library that loads it, by its name in model cards. */
  readonly library: (model: ExportedModel) => string;
  /**
   * The order of a batch's dimensions: channels last, as in Retort, or channels first, as in
   * PyTorch.
   */
  readonly layout: (model: ExportedModel) => "NHWC" | "NCHW";
  /** Makes the files. */
  readonly files: (model: ExportedModel) => Promise<Files>;
  /** Explains in markdown how to load and run it. */
  readonly loading: (model: ExportedModel) => string;
  /** The limits of its use, a sentence each. */
  readonly limits: readonly string[];
}
