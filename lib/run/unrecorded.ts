import type { Experiment } from "../experiment/experiment.ts";
import { readOutcome } from "../project/outcome.ts";
import type { RequestedTrial } from "./queue.ts";

/**
 * Leaves out the trials whose results are recorded: full runs of the present declaration. Their
 * cells of a table are filled, even if this machine lacks their weights. Rejects with a `Failure`
 * (exit 3) if a result is malformed.
 */
export async function unrecorded(trials: readonly RequestedTrial[]): Promise<RequestedTrial[]> {
  const experiments = [...new Set(trials.map(({ experiment }) => experiment))];
  const seeds = new Map<Experiment, readonly number[]>();
  for (const experiment of experiments) {
    const { measured } = await readOutcome(experiment);
    seeds.set(experiment, measured.map(({ seed }) => seed));
  }
  return trials.filter(({ experiment, seed }) => !seeds.get(experiment)!.includes(seed));
}
