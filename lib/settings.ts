import type { Experiment } from "./experiment.ts";
import type { EngineOptions } from "./open_engine.ts";
import type { Schedule } from "./schedule.ts";
import type { Status } from "./status.ts";

/** How experiments are run: everything that is not part of what they declare. */
export interface Settings extends EngineOptions {
  /** Epochs in place of the declared ones, the rate's drops moved in proportion; the run is then quick. */
  readonly epochs?: number;
  /** Batches per epoch at most; the run is then quick. */
  readonly limit?: number;
  /** The folder that data sets are looked for in. */
  readonly data: string;
  /** Whether what an earlier run left is put aside. */
  readonly fresh: boolean;
  /** Where progress is shown. */
  readonly status: Status;
  /** Whether the user wants to stop; asked after each step. */
  readonly interrupted: () => boolean;
}

/** What makes a run quick: undefined for a full one. */
export function quickness({ schedule }: Experiment, { epochs, limit }: Settings): string | undefined {
  const shorter = epochs !== undefined && epochs !== schedule.epochs;
  if (!shorter && limit === undefined) return undefined;
  return `quick-${epochs ?? schedule.epochs}-${limit ?? "all"}`;
}

/** The schedule that is run. */
export function scheduled({ schedule }: Experiment, { epochs }: Settings): Schedule {
  return epochs === undefined || epochs === schedule.epochs ? schedule : schedule.over(epochs);
}
