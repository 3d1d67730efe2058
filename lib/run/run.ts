/**
 * A run: queue the trials, then prepare, train and record one after the other.
 *
 * @module
 */
import { primaryOf } from "../project/metric.ts";
import { recordTrial, resultPath, type Trial } from "../project/result.ts";
import { readStages } from "./first_stages.ts";
import { prepare } from "./prepare.ts";
import {
  checkQueue,
  checkResults,
  isSameTrial,
  queue,
  type QueuedTrial,
  type RequestedTrial,
} from "./queue.ts";
import { type Resolved, resolveRun, STATE_TEXTS } from "./resolve.ts";
import type { Settings } from "./settings.ts";
import { readTeachers, scoreTeachers } from "./teachers.ts";
import { checkArithmetic, TrialTraining } from "./trial_training.ts";

/** A trial that is done. */
export interface FinishedTrial {
  /** The experiment's id. */
  readonly id: string;
  /** The result. */
  readonly trial: Trial;
}

/**
 * Returns the results of trials, in the requested order. Trains those that are not done one after
 * the other, each after its teachers and first stages. Continues a run that was begun earlier.
 * Records each result as soon as it exists. Rejects with a `Failure` at the first trial that fails.
 * Missing data or weights (exit 3) fail before any training.
 */
export async function runTrials(
  asked: readonly RequestedTrial[],
  settings: Settings,
): Promise<FinishedTrial[]> {
  const waiting = await queue(asked, settings);
  const done = new Map<RequestedTrial, FinishedTrial>();
  const findQueued = (trial: RequestedTrial) =>
    waiting.find((queued) => isSameTrial(queued, trial));
  const reuse = async ({ experiment, seed }: RequestedTrial) =>
    await reuseTrial(await resolveRun(experiment, seed, settings), settings);
  for (const trial of asked) if (!findQueued(trial)) done.set(trial, await reuse(trial));
  await checkResults(waiting);
  await checkQueue(waiting);
  for (const trial of waiting) {
    const result = await train(trial);
    // A requested trial that is trained early, because another needs it, is reported at its turn.
    if (result && !trial.need) done.set(trial, result);
  }
  const results: FinishedTrial[] = [];
  for (const trial of asked) {
    results.push(done.get(findQueued(trial) ?? trial) ?? await reuse(trial));
  }
  return results;
}

/**
 * Trains a trial whose teachers and first stages are done. `undefined` if another process has
 * trained it since it was queued.
 */
async function train(
  { experiment, seed, keep, settings, need }: QueuedTrial,
): Promise<FinishedTrial | undefined> {
  const { status } = settings;
  const resolved = await resolveRun(experiment, seed, settings, keep);
  const { identity: { id }, folder, state } = resolved;
  const title = titleOf(resolved);
  if (state === "done") return undefined;
  if (need) {
    status.line(`${need.role} ${id} seed ${seed} is ${STATE_TEXTS[state]}; it is trained first`);
  }
  if (state !== "begun" && state !== "missing") {
    const aside = await folder.putAside();
    if (aside) status.line(`${title} is ${STATE_TEXTS[state]}; the old run is kept in ${aside}`);
  }
  const teachers = await readTeachers(experiment, resolved.root, settings);
  const stages = await readStages(experiment, settings);
  const prepared = await prepare(
    experiment,
    seed,
    teachers.map(({ weights }) => weights),
    stages,
    settings,
  );
  try {
    const { task } = experiment.dataset;
    const printLine = (line: string) => status.line(`${title}: ${line}`);
    const records = await scoreTeachers(teachers, task, prepared, settings, printLine);
    const training = new TrialTraining(resolved, prepared, settings, keep, title);
    const trial = await training.run(records, stages.records);
    await recordTrial(resultPath(resolved.root, id), id, trial);
    return { id, trial };
  } finally {
    prepared.close();
    status.close();
  }
}

/**
 * Reads, prints and records the result of a trial that is done already. Rejects with a `Failure`
 * (exit 2) if it was trained with another precision or backend than requested.
 */
async function reuseTrial(resolved: Resolved, settings: Settings): Promise<FinishedTrial> {
  const { experiment, identity: { id }, folder, root } = resolved;
  const trial = await folder.requireTrial();
  checkArithmetic(folder.path, trial, settings);
  const { task } = experiment.dataset;
  const { title, decimals } = task.measures[task.primary];
  const reached = `${title} ${primaryOf(trial.metric, task).last.toFixed(decimals)}`;
  settings.status.line(`${titleOf(resolved)}: done before, ${reached}; --fresh trains it again`);
  await recordTrial(resultPath(root, id), id, trial);
  return { id, trial };
}

function titleOf({ identity: { id }, seed, quick }: Resolved): string {
  return `${id} seed ${seed}${quick ? ` (${quick})` : ""}`;
}
