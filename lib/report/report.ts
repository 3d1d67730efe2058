import type { Experiment } from "../experiment/experiment.ts";
import type { EpochLog } from "../run/epoch_log.ts";
import type { Trial } from "../project/result.ts";
import type { Score } from "../tasks/task.ts";

/** What a page shows. */
export interface Report {
  readonly title: string;
  /** The tables of folders, as markdown. */
  readonly tables: readonly string[];
  readonly runs: readonly ReportedRun[];
}

/** A run on a page: an experiment with a seed, trained here or recorded elsewhere. */
export interface ReportedRun {
  readonly experiment: Experiment;
  /** The experiment's id. */
  readonly id: string;
  /** A short name, unlike those of the other runs. */
  readonly label: string;
  readonly seed: number;
  /** The folder of its files. */
  readonly folder: string;
  /** How far it is, in words. */
  readonly state: string;
  /** Its log, epoch by epoch. Empty if there is none here that counts. */
  readonly log: readonly EpochLog[];
  /** Whether the log in its folder is of another declaration or other code, and does not count. */
  readonly isOutdated: boolean;
  /** Its result, or one that was recorded elsewhere. `undefined` while it trains. */
  readonly trial?: Trial;
  /** What taught it, in order. */
  readonly teachers: readonly Ancestor[];
  /** A look at its mistakes. `undefined` if its weights or its data are not here. */
  readonly mistakes?: Mistakes;
  /** Its model card, as markdown. `undefined` if its weights are not here. */
  readonly card?: string;
  /** Why it lacks one of these although it is done. Default: nothing is in the way. */
  readonly problems?: readonly string[];
}

/** Weights that taught a run. */
export interface Ancestor {
  /** The experiment's id, or the names of the network and of the file of other weights. */
  readonly id: string;
  /** The seed of the trial; `null` for weights from elsewhere. */
  readonly seed: number | null;
  /** The network's id. */
  readonly network: string;
  /** The weights in use. `undefined` until a student has learned from them. */
  readonly used?: {
    /** The SHA-256 of the file. */
    readonly sha256: string;
    /** Their score on the test set. */
    readonly score: Score;
  };
  /** What taught it. */
  readonly teachers: readonly Ancestor[];
}

/** What a classifier takes for what. */
export interface Mistakes {
  readonly classes: readonly string[];
  /** The number of images of a class (row) that were taken for a class (column). */
  readonly matrix: readonly (readonly number[])[];
  /** The images that it is surest and wrong about, the worst first. */
  readonly worst: readonly WrongImage[];
}

/** An image that a classifier is wrong about. */
export interface WrongImage {
  /** Its index in the test set. */
  readonly index: number;
  /** Its class. */
  readonly label: number;
  /** What it was taken for. */
  readonly taken: number;
  /** The probability that the classifier gave to that, 0 … 1. */
  readonly probability: number;
  /** The image as the address of a PNG. */
  readonly picture: string;
}
