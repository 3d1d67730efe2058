/**
 * A run: queue the trials, then prepare, train and record one cohort after the other.
 *
 * @module
 */
import { identify, type Identity } from "../project/identify.ts";
import { checkShards } from "../data/shard.ts";
import { primaryOf } from "../project/metric.ts";
import { recordTrial, resultPath, type TeacherRecord, type Trial } from "../project/result.ts";
import type { Assembly } from "../training/assemble.ts";
import { Failure } from "../values/failure.ts";
import type { Claim } from "./claim.ts";
import { type CohortResult, CohortTraining } from "./cohort_training.ts";
import { claimCohorts } from "./claimed_cohorts.ts";
import { buildsOn } from "./cohorts.ts";
import { type LoadedStages, readStages } from "./first_stages.ts";
import { fittingTrials, measureStepMemory } from "./memory.ts";
import { prepare, type TrialSource } from "./prepare.ts";
import {
  checkQueue,
  checkResults,
  isSameTrial,
  queue,
  type QueuedTrial,
  type RequestedTrial,
} from "./queue.ts";
import { resolveRun, STATE_TEXTS, titleOf } from "./resolve.ts";
import { scheduleOf, type Settings } from "./settings.ts";
import { type LoadedTeacher, readTeachers, scoreTeachers } from "./teachers.ts";
import { checkArithmetic, TrialTraining } from "./trial_training.ts";
import { SOLE_WORKER } from "./workers.ts";

/** A requested trial that is done. */
export interface FinishedTrial extends RequestedTrial {
  readonly identity: Identity;
  /** The result. */
  readonly trial: Trial;
}

/**
 * Returns the results of trials, in the requested order. Trains those that are not done, as many
 * together as `settings.cohort` allows, each after its teachers and first stages. Continues a run
 * that was begun earlier. Records each result as soon as it exists. Leaves out the trials that other
 * processes train with `settings.pending`, and all of them if another worker leads. If a trial diverges, trains the others that do not
 * build on it, and then rejects with a `Failure` (exit 4) that names it. Rejects with any other
 * failure at once. Missing data or weights (exit 3) fail before any training.
 */
export async function runTrials(
  asked: readonly RequestedTrial[],
  settings: Settings,
): Promise<FinishedTrial[]> {
  const waiting = await queue(asked, settings);
  const isWaiting = (trial: RequestedTrial) => waiting.some((one) => isSameTrial(one, trial));
  const done = new Map<RequestedTrial, FinishedTrial>();
  const { workers = SOLE_WORKER } = settings;
  if (!workers.leads) return await trainAll(waiting, settings);
  for (const trial of asked) {
    const result = isWaiting(trial) ? undefined : await reuse(trial, settings);
    if (result) done.set(trial, result);
  }
  await checkResults(waiting);
  await checkQueue(waiting);
  const trained = await trainAll(waiting, settings);
  const results: FinishedTrial[] = [];
  const left: string[] = [];
  for (const trial of asked) {
    const result = done.get(trial) ?? trained.find((one) => isSameTrial(one, trial)) ??
      await reuse(trial, settings);
    if (result) results.push(result);
    else left.push(`${(await identify(trial.experiment)).id} seed ${trial.seed}`);
  }
  if (left.length > 0) {
    settings.status.line(`left to other processes: ${left.join(", ")}`);
  }
  return results;
}

/** Trains queued trials, cohort after cohort. Rejects at the end if some of them diverged. */
async function trainAll(
  waiting: readonly QueuedTrial[],
  settings: Settings,
): Promise<FinishedTrial[]> {
  const done: FinishedTrial[] = [];
  const failed = new Map<QueuedTrial, Failure>();
  for await (const shared of shareCohorts(waiting, settings)) {
    for (const [trial, outcome] of await trainCohort(shared)) {
      if (outcome instanceof Failure) failed.set(trial, outcome);
      // A requested trial that is trained early, because another needs it, is reported at its turn.
      else if (outcome && !trial.need) done.push({ ...trial, trial: outcome });
    }
  }
  if (failed.size === 0) return done;
  for (const [trial, base] of dependents(waiting, [...failed.keys()])) {
    settings.status.line(`${titleOf(trial)} is not trained: it builds on ${titleOf(base)}`);
  }
  throw joinFailures([...failed.values()]);
}

/** A trial to train, with its claim if this worker leads. */
interface SharedTrial {
  readonly trial: QueuedTrial;
  readonly claim: Claim | undefined;
}

/** The cohorts that the leader claims, for all workers. */
async function* shareCohorts(
  waiting: readonly QueuedTrial[],
  settings: Settings,
): AsyncGenerator<readonly SharedTrial[]> {
  const { workers = SOLE_WORKER } = settings;
  await workers.agree("queue", JSON.stringify(waiting.map(titleOf)));
  const positions = async (cohort: readonly number[]) =>
    JSON.parse(await workers.follow(JSON.stringify(cohort))) as number[];
  if (workers.leads) {
    for await (const cohort of claimCohorts(waiting, settings)) {
      await positions(cohort.map(({ trial }) => waiting.indexOf(trial)));
      yield cohort;
    }
    await positions([]);
    return;
  }
  for (let cohort = await positions([]); cohort.length > 0; cohort = await positions([])) {
    yield cohort.map((i) => ({ trial: waiting[i], claim: undefined }));
  }
}

/** The trials that build on some others, directly or not, with the one that each builds on. */
function dependents(
  waiting: readonly QueuedTrial[],
  others: readonly QueuedTrial[],
): ReadonlyMap<QueuedTrial, QueuedTrial> {
  const found = new Map<QueuedTrial, QueuedTrial>();
  // Each trial stands after those that it builds on.
  for (const trial of waiting) {
    const base = [...others, ...found.keys()].find((one) => buildsOn(trial, one));
    if (base) found.set(trial, base);
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
 * Trains trials together whose teachers and first stages are done, and records their
 * results. Takes as many of them as fit into memory, the first ones, and returns the outcomes of
 * these. Releases the claims of the others.
 */
async function trainCohort(
  shared: readonly SharedTrial[],
): Promise<Map<QueuedTrial, CohortResult>> {
  const trials = shared.map(({ trial }) => trial);
  for (const { trial, claim } of shared) if (claim) await makeRoom(trial);
  const [{ experiment, settings, seed }] = trials;
  const { status, workers = SOLE_WORKER } = settings;
  // The leader has put old runs aside.
  await workers.follow("");
  const sources: (TrialSource & LoadedFoundations)[] = [];
  for (const { experiment, root } of trials) {
    const teachers = await readTeachers(experiment, root, settings);
    sources.push({ experiment, teachers, stages: await readStages(experiment, settings) });
  }
  const prepared = await prepare(sources, seed, settings);
  try {
    const { train, opened } = prepared;
    await workers.agree("data set", `${train.size} images of ${opened.classes.length} classes`);
    const { batch } = scheduleOf(experiment, settings);
    checkShards(train.size, batch, workers.share.workers);
    if (workers.share.workers > 1) {
      trials.forEach((trial, i) => checkMemory(trial, prepared.assemblies[i]));
    }
    const fitting = (settings.cohort ?? "auto") === "auto" && trials.length > 1
      ? fittingTrials(await measureStepMemory(prepared, experiment, settings))
      : trials.length;
    const taken = trials.slice(0, await workers.least(fitting));
    for (const { claim } of shared.slice(taken.length)) claim?.[Symbol.dispose]();
    const title = cohortTitle(taken);
    if (taken.length > 1) status.line(`${title} train together`);
    const loaded = sources.flatMap(({ teachers }) => teachers);
    const printLine = (line: string) => status.line(`${title}: ${line}`);
    const records = workers.leads
      ? await scoreTeachers(loaded, prepared, settings, printLine)
      : new Map<string, TeacherRecord>();
    const trainings = taken.map((trial, i) =>
      new TrialTraining(trial, shared[i].claim, prepared.assemblies[i], prepared, {
        teachers: sources[i].teachers.flatMap(({ path }) => records.get(path) ?? []),
        stages: sources[i].stages.records,
      })
    );
    const results = await new CohortTraining(trainings, prepared, settings).run();
    return new Map(taken.map((trial, i) => [trial, results[i]]));
  } finally {
    prepared.close();
    status.close();
  }
}

/**
 * Throws a `Failure` (exit 2) if the method remembers earlier batches, of which each worker sees its
 * part only.
 */
function checkMemory(trial: QueuedTrial, { memories }: Assembly): void {
  if (memories.length === 0) return;
  const who = `${titleOf(trial)}: ${trial.experiment.distiller.id}`;
  const why = "remembers earlier batches, of which each worker sees its part only";
  throw new Failure(2, `${who} ${why}: train it without --cluster`);
}

function cohortTitle([first, ...others]: readonly QueuedTrial[]): string {
  if (others.length === 0) return titleOf(first);
  return `${others.length + 1} trials of seed ${first.seed}`;
}

/** Says why a trial is trained, and puts an old run aside. */
async function makeRoom(trial: QueuedTrial): Promise<void> {
  const { experiment, seed, keep, settings, need } = trial;
  const { state } = await resolveRun(experiment, seed, settings, keep);
  if (state === "done") return;
  const { status } = settings;
  const { identity: { id }, folder } = trial;
  if (need) {
    status.line(`${need.role} ${id} seed ${seed} is ${STATE_TEXTS[state]}; it is trained first`);
  }
  if (state === "begun" || state === "missing") return;
  const aside = await folder.putAside();
  if (!aside) return;
  status.line(`${titleOf(trial)} is ${STATE_TEXTS[state]}; the old run is kept in ${aside}`);
}

/**
 * Reads, prints and records the result of a trial that is done already. Rejects with a `Failure`:
 * exit 2 if it was trained with another precision or backend than requested, exit 3 if it is gone.
 * `undefined` if another process trains it and `settings.pending` leaves it to that.
 */
async function reuse(
  { experiment, seed }: RequestedTrial,
  settings: Settings,
): Promise<FinishedTrial | undefined> {
  const resolved = await resolveRun(experiment, seed, settings);
  const { folder, identity: { id }, root, state } = resolved;
  if (settings.pending && state !== "done") return undefined;
  const trial = await folder.requireTrial();
  checkArithmetic(folder.path, trial, settings);
  const { task } = experiment.dataset;
  const { title, decimals } = task.measures[task.primary];
  const reached = `${title} ${primaryOf(trial.metric, task).last.toFixed(decimals)}`;
  const hint = settings.pending ? "" : "; --fresh trains it again";
  settings.status.line(`${titleOf(resolved)}: done before, ${reached}${hint}`);
  await recordTrial(resultPath(root, id), id, trial);
  return { experiment, seed, identity: resolved.identity, trial };
}
