import type { ExportedModel } from "./model.ts";

/** The files of an export, by path in its folder. */
export type Files = ReadonlyMap<string, Uint8Array | string>;

/** What a trained network is taken out as. */
export interface Format {
  /** What it is called, e.g. `TensorFlow SavedModel`. */
  readonly title: string;
  /** The library that loads it, as model cards call it. */
  readonly library: (model: ExportedModel) => string;
  /**
   * The order of a batch's dimensions: height and width before the channels, as here, or behind
   * them, as in PyTorch.
   */
  readonly layout: (model: ExportedModel) => "NHWC" | "NCHW";
  /** Writes its files. */
  readonly files: (model: ExportedModel) => Promise<Files>;
  /** How it is loaded and run, in markdown. */
  readonly loading: (model: ExportedModel) => string;
  /** What cannot be done with it, a sentence each. */
  readonly limits: readonly string[];
}
