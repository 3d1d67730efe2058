/**
 * A run: queue the trials, then train one cohort after the other.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { identify, type Identity } from "../project/identify.ts";
import { primaryOf } from "../project/metric.ts";
import { readTrials, recordRun, type Trial } from "../project/result.ts";
import { Failure } from "../values/failure.ts";
import { clearLeases } from "./claim.ts";
import { claimCohorts } from "./claimed_cohorts.ts";
import { cohorts } from "./cohorts.ts";
import { checkDeclaredData } from "./declared_data.ts";
import { sayLongOptions } from "./declared_epochs.ts";
import { checkLearned, checkLearnedInQueue, PresentData, recordLearned } from "./learned.ts";
import { checkQueue } from "./check_queue.ts";
import {
  checkCode,
  checkResults,
  dependents,
  isSameTrial,
  queue,
  type QueuedTrial,
  type RequestedTrial,
} from "./queue.ts";
import { acceptCode, type Resolved, resolveRun, titleOf } from "./resolve.ts";
import type { Settings } from "./settings.ts";
import { takeBack } from "./take_back.ts";
import { type SharedTrial, trainCohort } from "./train_cohort.ts";
import { checkArithmetic } from "./trial_training.ts";
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
 * that was begun earlier. Records each result as soon as it exists. With `settings.pending`, leaves
 * out the trials that other processes train; if another worker leads, returns no results. If a
 * trial diverges (exit 4), or another process has meanwhile trained it with other code or what it
 * builds on has other weights than when it began (exit 2), trains the others that do not build on
 * it, and then rejects with a `Failure` that names it. Rejects with any other failure at once.
 * Missing data or weights (exit 3) fail before any training.
 */
export async function runTrials(
  asked: readonly RequestedTrial[],
  settings: Settings,
): Promise<FinishedTrial[]> {
  const { workers = SOLE_WORKER } = settings;
  if (workers.share.workers === 1) await takeBack(asked, settings);
  const waiting = await queue(asked, settings);
  await checkCode(waiting);
  const isWaiting = (trial: RequestedTrial) => waiting.some((one) => isSameTrial(one, trial));
  const done = new Map<RequestedTrial, FinishedTrial>();
  if (!workers.leads) return await trainAll(waiting, settings);
  await checkDeclaredData(waiting, settings);
  sayLongOptions(waiting, settings);
  // Which of a shared queue this process trains is not known yet.
  const [[first] = []] = settings.pending ? [] : cohorts(waiting);
  {
    using present = new PresentData(settings);
    for (const trial of asked) {
      const result = isWaiting(trial) ? undefined : await reuse(trial, settings, present);
      if (result) done.set(trial, result);
    }
    await checkLearnedInQueue(waiting, first, present);
  }
  await checkResults(waiting);
  await checkQueue(waiting, first);
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

/** Trains queued trials, cohort after cohort. Rejects at the end if some of them failed. */
async function trainAll(
  waiting: readonly QueuedTrial[],
  settings: Settings,
): Promise<FinishedTrial[]> {
  const done: FinishedTrial[] = [];
  const failed = new Map<QueuedTrial, Failure>();
  const refuse = (trial: QueuedTrial, reason: string) => {
    failed.set(trial, new Failure(2, reason));
    if (waiting.length > 1) settings.status.line(reason);
  };
  for await (const shared of shareCohorts(waiting, settings, refuse)) {
    for (const [trial, outcome] of await trainCohort(shared)) {
      if (outcome instanceof Failure) {
        failed.set(trial, outcome);
        // Others may train for hours before the run ends with it. A cohort has said it already.
        if (shared.length === 1 && waiting.length > 1) settings.status.line(outcome.message);
      } // A requested trial that is trained early, because another needs it, is reported at its turn.
      else if (outcome && !trial.need) done.push({ ...trial, trial: outcome });
    }
  }
  if (failed.size === 0) return done;
  for (const [trial, base] of dependents(waiting, [...failed.keys()])) {
    settings.status.line(`${titleOf(trial)} is not trained: it builds on ${titleOf(base)}`);
  }
  throw joinFailures([...failed.values()]);
}

/** The cohorts that the leader claims, for all workers. */
async function* shareCohorts(
  waiting: readonly QueuedTrial[],
  settings: Settings,
  refuse: (trial: QueuedTrial, reason: string) => void,
): AsyncGenerator<readonly SharedTrial[]> {
  const { workers = SOLE_WORKER } = settings;
  await workers.agree("queue", JSON.stringify(waiting.map(titleOf)));
  const positions = async (cohort: readonly number[]) =>
    JSON.parse(await workers.follow(JSON.stringify(cohort))) as number[];
  if (workers.leads) {
    for await (const cohort of claimCohorts(waiting, settings, refuse)) {
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

/** One failure that names all of them. */
function joinFailures([first, ...others]: readonly Failure[]): Failure {
  if (others.length === 0) return first;
  return new Failure(first.exit, [first, ...others].map(({ message }) => message).join("\n"));
}

/**
 * Reads, prints and records the result of a trial that is done already. Compares the data with those
 * that it learned from, if they are `present`; without it, they were compared before. Rejects with a
 * `Failure`: exit 2 if it was trained with another precision or backend than requested, exit 3 if it
 * is gone or its data have changed. `undefined` if another process trains it and `settings.pending`
 * leaves it to that.
 */
async function reuse(
  { experiment, seed }: RequestedTrial,
  settings: Settings,
  present?: PresentData,
): Promise<FinishedTrial | undefined> {
  const resolved = await resolveRun(experiment, seed, settings);
  const { folder, identity: { id }, root, state } = resolved;
  if (settings.pending && state !== "done") return undefined;
  const trial = await folder.requireTrial();
  clearLeases(resolved);
  const { backend, precision, keepPrecision } = settings;
  checkArithmetic(folder.path, trial, {
    backend,
    precision: keepPrecision ? undefined : precision,
  });
  const isCompared = !present || await compareData(resolved, present);
  const { task } = experiment.dataset;
  const { title, decimals } = task.measures[task.primary];
  const reached = `${title} ${primaryOf(trial.metric, task).last.toFixed(decimals)}`;
  const hint = settings.pending ? "" : "; --fresh trains it again";
  const absent = isCompared ? "" : " (its data are not there, so they could not be compared)";
  settings.status.line(`${titleOf(resolved)}: done before, ${reached}${absent}${hint}`);
  const accepted = { ...trial, code: await acceptCode(resolved) };
  if (await isRecordedOtherwise(root, id, accepted)) {
    settings.status.line(
      `${titleOf(resolved)}: the result beside its module was not that of the run in ` +
        `${folder.path}, which replaces it`,
    );
  }
  await recordRun(root, id, accepted, settings.status.line);
  return { experiment, seed, identity: resolved.identity, trial: accepted };
}

/**
 * Whether the trial beside the module, of the same seed and declaration, differs from that of this
 * full run. Their `code` does not count: other code may have been accepted since.
 */
async function isRecordedOtherwise(root: string, id: string, trial: Trial): Promise<boolean> {
  const recorded = (await readTrials(root, id)).find(({ seed, declaration, quick }) =>
    !quick && seed === trial.seed && declaration === trial.declaration
  );
  return recorded !== undefined && !trial.quick &&
    !isDeepStrictEqual({ ...recorded, code: undefined }, { ...trial, code: undefined });
}

/** Compares the data of a run that is done. Returns whether they are there. */
async function compareData(run: Resolved, present: PresentData): Promise<boolean> {
  const fingerprint = await present.fingerprint(run.experiment.dataset);
  if (!fingerprint) return false;
  const runs = [{ run, facts: await run.folder.data(), isSameSource: true }];
  await checkLearned(fingerprint, runs);
  await recordLearned(fingerprint, runs);
  return true;
}
