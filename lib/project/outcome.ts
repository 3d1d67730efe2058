import { relative } from "node:path";
import { declarationHash } from "../experiment/declaration.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import { looseObject, readAs } from "../values/reader.ts";
import { identify, projectRoot } from "./identify.ts";
import { metricOf, valueAt } from "./metric.ts";
import { readResult, resultPath, type Trial, trialState } from "./result.ts";

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
 * What came of an experiment, from the JSON beside its module. Rejects with a `Failure` (exit 3)
 * where that is malformed or another's, or a trial that counts lacks the primary measure of the
 * experiment's task or has a percentage that is none.
 */
export async function readOutcome(experiment: Experiment, folder: string): Promise<Outcome> {
  const { id, module } = await identify(experiment);
  const file = resultPath(projectRoot(experiment.url), id);
  const [hash, result] = await Promise.all([declarationHash(experiment), readResult(file, id)]);
  const trials = sortTrials(result?.trials ?? [], hash);
  const ofTask = looseObject<Pick<Trial, "metric">>({ metric: metricOf(experiment.dataset.task) });
  for (const trial of trials.measured) {
    readAs(trial, ofTask, (problem) => {
      const place = `${file} has a malformed trial of seed ${trial.seed}`;
      return new Failure(
        3,
        `${place}: ${problem}; mend it, or remove it and run the experiment again`,
      );
    });
  }
  return { experiment, path: relative(folder, module), ...trials };
}

/** The trials that count for a declaration's hash, and how many do not. */
export function sortTrials(
  trials: readonly Trial[],
  hash: string,
): Pick<Outcome, "measured" | "stale" | "quick"> {
  const { measured = [], stale = [], quick = [] } = Object.groupBy(
    trials,
    (trial) => trialState(trial, hash),
  );
  return { measured, stale: stale.length, quick: quick.length };
}

/** A measure of the trials that count, after an epoch; none where it was not recorded. */
export function valuesOf({ measured }: Outcome, measure: string, epoch: "last" | "best"): number[] {
  return measured.map(({ metric }) => valueAt(metric, measure, epoch)).filter((value) =>
    value !== undefined
  );
}
