import type { Epoch, Experiment, Trained } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import type { EngineOptions } from "../engine/open_engine.ts";
import type { Schedule } from "../experiment/schedule.ts";
import type { Status } from "../terminal/status.ts";
import type { Parallel } from "../training/step.ts";
import { SOLE_WORKER, type Workers } from "./workers.ts";

/** The settings of runs: everything that is not part of a declaration. */
export interface Settings extends Omit<EngineOptions, "log"> {
  /**
   * The number of epochs, which makes a run quick and moves the drops of the rate in proportion.
   * Default: the declared number.
   */
  readonly epochs?: number;
  /**
   * The most batches in an epoch, and in an evaluation, which makes a run quick. Default: all.
   */
  readonly limit?: number;
  /**
   * Whether a run is quick although it is as long as declared: a quick student must not put the
   * full run of its teacher aside only because that run lacks an epoch. Default: false.
   */
  readonly apart?: boolean;
  /**
   * Whether a run that began in another precision keeps it, and one that is done counts in any, as
   * with `--precision auto`. Default: false, they are refused.
   */
  readonly keepPrecision?: boolean;
  /** Whether to measure each term's gradient norm, on one batch of every epoch. Default: false. */
  readonly gradNorms?: boolean;
  /** Images in an evaluation batch. Scores depend on it by rounding only. Default: 250. */
  readonly evalBatch?: number;
  /**
   * The most trials that train together, of those that fit into main memory. `auto`: all of these.
   * Default: `auto`.
   */
  readonly cohort?: number | "auto";
  /**
   * Whether to leave trials to other processes that have claimed them, instead of failing. Default:
   * false.
   */
  readonly pending?: boolean;
  /** The workers that train together. Default: this process alone. */
  readonly workers?: Workers;
  /**
   * Whether norms use the statistics of the whole batch when several workers share it, and not of
   * each worker's part. Default: false.
   */
  readonly syncNorm?: boolean;
  /** The folder of data sets. */
  readonly data: string;
  /** Whether to write nothing, so no data set is downloaded either. Default: false. */
  readonly dry?: boolean;
  /** Whether to put the files of an earlier run aside. */
  readonly fresh: boolean;
  /**
   * Whether runs count although the user's own code has changed since, from now on as runs of the
   * present code. Default: false.
   */
  readonly keepResults?: boolean;
  /** Shows progress. */
  readonly status: Status;
  /**
   * Whether the user wants to stop. Called after each step, while it waits for other processes,
   * before a cohort trains, and between two batches of an evaluation.
   */
  readonly interrupted: () => boolean;
  /** Whether the user wants the state saved, since the last call. Default: never. */
  readonly saveRequested?: () => boolean;
  /**
   * Milliseconds of an epoch after which the state is saved within it, again and again. Infinite:
   * only after its last step. Default: `SAVE_EVERY`.
   */
  readonly saveEvery?: number;
}

/** The settings that decide which run of an experiment is taken. */
export type RunChoice = Pick<Settings, "epochs" | "limit" | "apart" | "fresh" | "keepResults">;

/** The default of `saveEvery`: ten minutes. */
export const SAVE_EVERY = 600_000;

/** How the workers share the step `name`. */
export function parallelOf(
  { workers = SOLE_WORKER, syncNorm = false }: Settings,
  name: string,
): Parallel {
  return { share: workers.share, syncNorm, name };
}

/** Names the settings that make a run quick. `undefined` for a full run. */
export function quickness(
  { schedule }: Experiment,
  { epochs, limit, apart = false }: Pick<Settings, "epochs" | "limit" | "apart">,
): string | undefined {
  const shorter = epochs !== undefined && epochs !== schedule.epochs;
  if (!shorter && limit === undefined && !apart) return undefined;
  return `quick-${epochs ?? schedule.epochs}-${limit ?? "all"}`;
}

/** The settings that decide which run of a trial's teacher or first stage is taken. */
export interface FoundationChoice extends RunChoice {
  /** Whether the trial itself is quick. */
  readonly forQuick: boolean;
}

/** The settings of a trial, for its teachers and first stages. */
export type FoundationSettings = Settings & FoundationChoice;

/** The settings with which a trial's teachers and first stages are looked for. */
export function foundationSettings<S extends RunChoice>(
  experiment: Experiment,
  settings: S,
): S & FoundationChoice {
  return { ...settings, forQuick: quickness(experiment, settings) !== undefined };
}

/** The settings that `quickness` named. */
export function quickSettings(quick: string | undefined): Pick<Settings, "epochs" | "limit"> {
  const [, epochs, limit] = /^quick-(\d+)-(\d+|all)$/.exec(quick ?? "") ?? [];
  return {
    epochs: epochs === undefined ? undefined : Number(epochs),
    limit: limit === undefined || limit === "all" ? undefined : Number(limit),
  };
}

/** The schedule of a run: the declared one, or the same over `epochs`. */
export function scheduleOf(
  { schedule }: Experiment,
  { epochs }: Pick<Settings, "epochs">,
): Schedule {
  return epochs === undefined || epochs === schedule.epochs ? schedule : schedule.over(epochs);
}

/**
 * The epoch whose weights are needed of a teacher or first stage. In a quick run a numbered epoch
 * moves as the drops of the rate do. Throws a `Failure` (exit 2) if the schedule has no such epoch.
 */
export function neededEpoch(
  { experiment, epoch }: Trained,
  settings: Pick<Settings, "epochs">,
): Epoch {
  if (typeof epoch !== "number") return epoch;
  const declared = experiment.schedule.epochs;
  const { epochs } = scheduleOf(experiment, settings);
  if (!Number.isInteger(epoch) || epoch < 1 || epoch > declared) {
    throw new Failure(
      2,
      `from(…, { epoch: ${epoch} }): this teacher has the epochs 1 to ${declared}`,
    );
  }
  return Math.max(1, Math.round(epoch * epochs / declared));
}
