import { relative } from "node:path";
import { declarationHash } from "../experiment/declaration.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import { looseObject, readAs } from "../values/reader.ts";
import { identify, type Identity, projectRoot } from "./identify.ts";
import { metricReader, valueAt } from "./metric.ts";
import { changedCode, ownCode } from "./own_code.ts";
import { readTrials, resultPath, type Trial, trialState } from "./result.ts";

/** The trials of an experiment so far. */
export interface Outcome {
  readonly experiment: Experiment;
  /** The path of its module, from the folder for which it was read. */
  readonly path: string;
  /** The trials that count: full runs of the present declaration. */
  readonly measured: readonly Trial[];
  /**
   * The number of trials that count whose own code has changed since, until they are trained again
   * or kept (`exp --keep`). `undefined` for none.
   */
  readonly changed?: number;
  /** The number of trials of an older declaration. */
  readonly stale: number;
  /** The number of quick trials. */
  readonly quick: number;
}

/**
 * Reads the trials of an experiment from the JSON beside its module. `path` leads from `folder`.
 * Default: the project's. Rejects with a `Failure` (exit 3) if the file is malformed or another
 * experiment's, or if a trial that counts lacks the primary measure of the task or has a percentage
 * outside 0 … 100.
 */
export async function readOutcome(
  experiment: Experiment,
  folder: string = projectRoot(experiment.url),
): Promise<Outcome> {
  const identity = await identify(experiment);
  const { id, module } = identity;
  const root = projectRoot(experiment.url);
  const file = resultPath(root, id);
  const [hash, all] = await Promise.all([declarationHash(experiment), readTrials(root, id)]);
  const trials = sortTrials(all, hash);
  const ofTask = looseObject<Pick<Trial, "metric">>({
    metric: metricReader(experiment.dataset.task),
  });
  for (const trial of trials.measured) {
    readAs(trial, ofTask, (problem) => {
      const place = `${file} has a malformed trial of seed ${trial.seed}`;
      return new Failure(
        3,
        `${place}: ${problem}; mend it, or remove it and run the experiment again`,
      );
    });
  }
  const changed = await countChanged(trials.measured, identity, root);
  return { experiment, path: relative(folder, module), ...trials, ...changed > 0 && { changed } };
}

/** Counts the trials whose own code has changed since. */
async function countChanged(
  trials: readonly Trial[],
  identity: Identity,
  root: string,
): Promise<number> {
  const recorded = trials.flatMap(({ code }) => code ? [code] : []);
  if (recorded.length === 0) return 0;
  const now = await ownCode(identity, root);
  return recorded.filter((code) => changedCode(code, now).length > 0).length;
}

/** Collects the trials that count for a declaration's hash, and the numbers of the others. */
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

/** Lists a measure of the trials that count, after an epoch. Leaves out trials without it. */
export function valuesOf({ measured }: Outcome, measure: string, epoch: "last" | "best"): number[] {
  return measured.map(({ metric }) => valueAt(metric, measure, epoch)).filter((value) =>
    value !== undefined
  );
}
