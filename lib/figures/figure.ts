import type { TopLevelSpec } from "vega-lite";
import type { SubjectOptions } from "../evaluation/open_subject.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { Identity } from "../project/identify.ts";

/** An experiment that a figure may show. */
export interface Shown {
  readonly experiment: Experiment;
  readonly identity: Identity;
  /** The name of its export, else that of its method: the same for a method's other pairs. */
  readonly method: string;
}

/** Where figures find what they show. */
export interface FigureSettings extends SubjectOptions {
  /** The seed of the runs. */
  readonly seed: number;
  /** The epoch of the weights. */
  readonly epoch: "last" | "best";
  /** The most test images of a scatter. Default: 1000. */
  readonly points?: number;
  /** The indices of the test images to look at. Default: a few at even distances. */
  readonly images?: readonly number[];
}

/** A chart in the grammar of Vega-Lite, without its title. */
export type Chart = TopLevelSpec;

/** A chart that stands in a row or a column of others. */
export type ChartPart = Extract<Chart, { hconcat: unknown }>["hconcat"][number];

/** A drawn figure: a chart with the texts above it. */
export interface Picture {
  readonly title: string;
  /** What a reader has to know, line by line. */
  readonly caption: readonly string[];
  readonly chart: Chart;
}

/** A figure of a paper, or one like it, from the user's own runs. */
export interface Figure {
  /** What it shows, and the figures of papers that show it, for `--help`. */
  readonly about: string;
  /**
   * Makes the picture. Rejects with a `Failure` (exit 3) that says how to get what it lacks, or
   * (exit 2) which experiments it is for.
   */
  draw(shown: readonly Shown[], settings: FigureSettings): Promise<Picture>;
}
