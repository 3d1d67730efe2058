import type { Epoch, Experiment, Trained } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import type { EngineOptions } from "../engine/open_engine.ts";
import type { Schedule } from "../experiment/schedule.ts";
import type { Status } from "../terminal/status.ts";

/** How experiments are run: everything that is not part of what they declare. */
export interface Settings extends EngineOptions {
  /**
   * Epochs in place of the declared ones, the rate's drops moved in proportion; the run is then
   * quick.
   */
  readonly epochs?: number;
  /** Batches per epoch at most; the run is then quick. */
  readonly limit?: number;
  /** Whether the gradient of each term is measured apart, on one batch of every epoch; no. */
  readonly gradNorms?: boolean;
  /** Images in a batch of an evaluation; no score depends on it. Default: 250. */
  readonly evalBatch?: number;
  /** The folder that data sets are looked for in. */
  readonly data: string;
  /** Whether nothing is written, and so no data set downloaded; no. */
  readonly dry?: boolean;
  /** Whether what an earlier run left is put aside. */
  readonly fresh: boolean;
  /** Where progress is shown. */
  readonly status: Status;
  /** Whether the user wants to stop; asked after each step. */
  readonly interrupted: () => boolean;
}

/** What makes a run quick: undefined for a full one. */
export function quickness(
  { schedule }: Experiment,
  { epochs, limit }: Pick<Settings, "epochs" | "limit">,
): string | undefined {
  const shorter = epochs !== undefined && epochs !== schedule.epochs;
  if (!shorter && limit === undefined) return undefined;
  return `quick-${epochs ?? schedule.epochs}-${limit ?? "all"}`;
}

/** The schedule that is run. */
export function scheduleOf(
  { schedule }: Experiment,
  { epochs }: Pick<Settings, "epochs">,
): Schedule {
  return epochs === undefined || epochs === schedule.epochs ? schedule : schedule.over(epochs);
}

/**
 * After which epoch a teacher is wanted; in a quick run a numbered one moves as the rate's drops
 * do. Throws a `Failure` (exit 2) where its schedule has no such epoch.
 */
export function epochWanted(
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
