/**
 * A run: queue the trials, then prepare, train and record one cohort after the other.
 *
 * @module
 */
import { primaryOf } from "../project/metric.ts";
import { recordTrial, resultPath, type Trial } from "../project/result.ts";
import { Failure } from "../values/failure.ts";
import { CohortTraining } from "./cohort_training.ts";
import { mostTogether, nextCohort } from "./cohorts.ts";
import { type LoadedStages, readStages } from "./first_stages.ts";
import { fittingTrials, measureStepMemory } from "./memory.ts";
import { prepare, type TrialSource } from "./prepare.ts";
import {
  checkQueue,
  checkResults,
  isSameTrial,
  listFoundations,
  queue,
  type QueuedTrial,
  type RequestedTrial,
} from "./queue.ts";
import { type Resolved, resolveRun, STATE_TEXTS, titleOf } from "./resolve.ts";
import type { Settings } from "./settings.ts";
import { type LoadedTeacher, readTeachers, scoreTeachers } from "./teachers.ts";
import { checkArithmetic, TrialTraining } from "./trial_training.ts";

/** A trial that is done. */
export interface FinishedTrial {
  /** The experiment's id. */
  readonly id: string;
  /** The result. */
  readonly trial: Trial;
}

/**
 * Returns the results of trials, in the requested order. Trains those that are not done, as many
 * together as `settings.cohort` allows, each after its teachers and first stages. Continues a run
 * that was begun earlier. Records each result as soon as it exists. If a trial diverges, trains the
 * others that do not build on it, and then rejects with a `Failure` (exit 4) that names it. Rejects
 * with any other failure at once. Missing data or weights (exit 3) fail before any training.
 */
export async function runTrials(
  asked: readonly RequestedTrial[],
  settings: Settings,
): Promise<FinishedTrial[]> {
  const waiting = await queue(asked, settings);
  const findQueued = (trial: RequestedTrial) =>
    waiting.find((queued) => isSameTrial(queued, trial));
  const reuse = async ({ experiment, seed }: RequestedTrial) =>
    await reuseTrial(await resolveRun(experiment, seed, settings), settings);
  const done = new Map<RequestedTrial, FinishedTrial>();
  for (const trial of asked) if (!findQueued(trial)) done.set(trial, await reuse(trial));
  await checkResults(waiting);
  await checkQueue(waiting);
  for (const [trial, result] of await trainAll(waiting, settings)) {
    // A requested trial that is trained early, because another needs it, is reported at its turn.
    if (!trial.need) done.set(trial, result);
  }
  const results: FinishedTrial[] = [];
  for (const trial of asked) {
    results.push(done.get(findQueued(trial) ?? trial) ?? await reuse(trial));
  }
  return results;
}

/** Trains queued trials, cohort after cohort. Rejects at the end if some of them diverged. */
async function trainAll(
  waiting: readonly QueuedTrial[],
  settings: Settings,
): Promise<Map<QueuedTrial, FinishedTrial>> {
  const done = new Map<QueuedTrial, FinishedTrial>();
  const failures: Failure[] = [];
  for (let left = [...waiting]; left.length > 0;) {
    const cohort = nextCohort(left, mostTogether(settings));
    const outcomes = await trainCohort(cohort);
    left = left.filter((trial) => !outcomes.has(trial));
    for (const [trial, result] of outcomes) {
      if (!(result instanceof Failure)) {
        if (result) done.set(trial, result);
        continue;
      }
      failures.push(result);
      const lost = dependents(trial, left);
      left = left.filter((other) => !lost.has(other));
      for (const { identity: { id }, seed, settings: { status } } of lost) {
        status.line(`${id} seed ${seed} is not trained: it builds on ${titleOf(trial)}`);
      }
    }
  }
  if (failures.length > 0) throw joinFailures(failures);
  return done;
}

/** The trials that build on one, directly or not. */
function dependents(trial: QueuedTrial, among: readonly QueuedTrial[]): Set<QueuedTrial> {
  const found = new Set<QueuedTrial>();
  for (const base of new Set<QueuedTrial>([trial])) {
    for (const other of among) {
      const builds = listFoundations(other.experiment).some(({ trained }) =>
        [base, ...found].some((one) => isSameTrial(trained, one))
      );
      if (builds) found.add(other);
    }
  }
  return found;
}

/** One failure that names all of them. */
function joinFailures([first, ...others]: readonly Failure[]): Failure {
  if (others.length === 0) return first;
  return new Failure(first.exit, [first, ...others].map(({ message }) => message).join("\n"));
}

/** The teachers and first stages of a trial, with their records. */
interface LoadedFoundations {
  readonly teachers: readonly LoadedTeacher[];
  readonly stages: LoadedStages;
}

/**
 * The result of a trial: a failure (exit 4) if it diverged, `undefined` if another process has
 * trained it since it was queued.
 */
type CohortOutcome = FinishedTrial | Failure | undefined;

/**
 * Trains trials together whose teachers and first stages are done, and records their results.
 * Takes as many of them as fit into memory, the first ones, and returns the outcomes of these.
 */
async function trainCohort(
  queued: readonly QueuedTrial[],
): Promise<Map<QueuedTrial, CohortOutcome>> {
  const outcomes = new Map<QueuedTrial, CohortOutcome>();
  const trials: QueuedTrial[] = [];
  for (const trial of queued) {
    const { state } = await refresh(trial);
    if (state === "done") outcomes.set(trial, undefined);
    else trials.push(trial);
  }
  if (trials.length === 0) return outcomes;
  const [{ experiment, settings, seed }] = trials;
  const { status } = settings;
  const sources: (TrialSource & LoadedFoundations)[] = [];
  for (const { experiment, root } of trials) {
    const teachers = await readTeachers(experiment, root, settings);
    sources.push({ experiment, teachers, stages: await readStages(experiment, settings) });
  }
  const prepared = await prepare(sources, seed, settings);
  try {
    const most = (settings.cohort ?? "auto") === "auto" && trials.length > 1
      ? fittingTrials(await measureStepMemory(prepared, experiment, settings))
      : Infinity;
    const taken = trials.slice(0, most);
    const title = cohortTitle(taken);
    if (taken.length > 1) status.line(`${title} train together`);
    const loaded = sources.flatMap(({ teachers }) => teachers);
    const printLine = (line: string) => status.line(`${title}: ${line}`);
    const records = await scoreTeachers(loaded, prepared, settings, printLine);
    const trainings = taken.map((trial, i) =>
      new TrialTraining(trial, prepared.assemblies[i], prepared, {
        teachers: sources[i].teachers.map(({ path }) => records.get(path)!),
        stages: sources[i].stages.records,
      })
    );
    const results = await new CohortTraining(trainings, prepared, settings).run();
    for (const [i, trial] of taken.entries()) {
      const result = results[i];
      outcomes.set(trial, result instanceof Failure ? result : await recordResult(trial, result));
    }
    return outcomes;
  } finally {
    prepared.close();
    status.close();
  }
}

function cohortTitle([first, ...others]: readonly QueuedTrial[]): string {
  if (others.length === 0) return titleOf(first);
  return `${others.length + 1} trials of seed ${first.seed}`;
}

/** Looks at the state of a queued trial again, says why it is trained, and puts an old run aside. */
async function refresh({ experiment, seed, keep, settings, need }: QueuedTrial): Promise<Resolved> {
  const { status } = settings;
  const resolved = await resolveRun(experiment, seed, settings, keep);
  const { identity: { id }, folder, state } = resolved;
  if (state === "done") return resolved;
  if (need) {
    status.line(`${need.role} ${id} seed ${seed} is ${STATE_TEXTS[state]}; it is trained first`);
  }
  if (state !== "begun" && state !== "missing") {
    const aside = await folder.putAside();
    const title = titleOf(resolved);
    if (aside) status.line(`${title} is ${STATE_TEXTS[state]}; the old run is kept in ${aside}`);
  }
  return resolved;
}

async function recordResult(
  { identity: { id }, root }: Resolved,
  trial: Trial,
): Promise<FinishedTrial> {
  await recordTrial(resultPath(root, id), id, trial);
  return { id, trial };
}

/**
 * Reads, prints and records the result of a trial that is done already. Rejects with a `Failure`
 * (exit 2) if it was trained with another precision or backend than requested.
 */
async function reuseTrial(resolved: Resolved, settings: Settings): Promise<FinishedTrial> {
  const { experiment, folder } = resolved;
  const trial = await folder.requireTrial();
  checkArithmetic(folder.path, trial, settings);
  const { task } = experiment.dataset;
  const { title, decimals } = task.measures[task.primary];
  const reached = `${title} ${primaryOf(trial.metric, task).last.toFixed(decimals)}`;
  settings.status.line(`${titleOf(resolved)}: done before, ${reached}; --fresh trains it again`);
  return await recordResult(resolved, trial);
}
