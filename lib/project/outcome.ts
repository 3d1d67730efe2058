import { relative } from "node:path";
import { declarationHash } from "../experiment/declaration.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import { shaped, some } from "../values/reader.ts";
import { identify, root } from "./identify.ts";
import { metricOf, reached } from "./metric.ts";
import { readResult, resultPath, stateOf, type Trial } from "./result.ts";

/** What came of an experiment so far. */
export interface Outcome {
  /** The experiment. */
  readonly experiment: Experiment;
  /** The path of its module, from the folder of the table. */
  readonly path: string;
  /** The trials that count. */
  readonly measured: readonly Trial[];
  /** How many trials are of an older declaration. */
  readonly stale: number;
  /** How many trials were cut short. */
  readonly quick: number;
}

/**
 * What came of an experiment, from the JSON beside its module. Rejects with a `Failure` (exit 3) where that is malformed or
 * another's, or a trial that counts lacks the primary measure of the experiment's task or has a percentage that is none.
 */
export async function outcome(experiment: Experiment, folder: string): Promise<Outcome> {
  const { id, module } = await identify(experiment), file = resultPath(root(experiment.url), id);
  const [hash, result] = await Promise.all([declarationHash(experiment), readResult(file, id)]);
  const trials = sorted(result?.trials ?? [], hash);
  const ofTask = some<Pick<Trial, "metric">>({ metric: metricOf(experiment.dataset.task) });
  for (const trial of trials.measured) {
    shaped(trial, ofTask, (problem) => {
      const place = `${file} has a malformed trial of seed ${trial.seed}`;
      return new Failure(3, `${place}: ${problem}; mend it, or remove it and run the experiment again`);
    });
  }
  return { experiment, path: relative(folder, module), ...trials };
}

/** The trials that count for a declaration's hash, and how many do not. */
export function sorted(trials: readonly Trial[], hash: string): Pick<Outcome, "measured" | "stale" | "quick"> {
  const { measured = [], stale = [], quick = [] } = Object.groupBy(trials, (trial) => stateOf(trial, hash));
  return { measured, stale: stale.length, quick: quick.length };
}

/** A measure of the trials that count, after an epoch; none where it was not recorded. */
export function measures({ measured }: Outcome, measure: string, epoch: "last" | "best"): number[] {
  return measured.map(({ metric }) => reached(metric, measure, epoch)).filter((value) => value !== undefined);
}
