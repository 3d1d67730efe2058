import { epochSize } from "../data/epoch.ts";
import { checkShards } from "../data/shard.ts";
import { ownCode } from "../project/own_code.ts";
import type { TeacherRecord } from "../project/result.ts";
import { Failure } from "../values/failure.ts";
import type { Claim } from "./claim.ts";
import { type CohortResult, CohortTraining } from "./cohort_training.ts";
import { type LoadedStages, readStages } from "./first_stages.ts";
import { listLearned, recordLearned } from "./learned.ts";
import { describeStepMemory, fittingTrials, measureStepMemory } from "./memory.ts";
import { prepare, type Prepared, type TrialSource } from "./prepare.ts";
import { lookAgain, type QueuedTrial } from "./queue.ts";
import type { Foundations } from "./record.ts";
import { STATE_TEXTS, titleOf } from "./resolve.ts";
import { foundationSettings, scheduleOf, type Settings } from "./settings.ts";
import { describeStart, findStart, goOnFrom } from "./shorter.ts";
import { BEFORE_TRAINING, interruptible, stopIfInterrupted } from "./stop.ts";
import { type LoadedTeacher, readTeachers, scoreTeachers } from "./teachers.ts";
import { TrialTraining } from "./trial_training.ts";
import { SOLE_WORKER } from "./workers.ts";

/** A trial to train, with its claim if this worker leads. */
export interface SharedTrial {
  readonly trial: QueuedTrial;
  readonly claim: Claim | undefined;
}

/**
 * Trains trials together whose teachers and first stages are done, and records their results. Takes
 * as many of them as fit into memory, the first ones, settles their claims, and returns the outcomes
 * of these. Releases the claims of the others. An old run is put aside once the new one can begin.
 * Rejects with a `Failure` (exit 130) if the user stops it.
 */
export async function trainCohort(
  claimed: readonly SharedTrial[],
): Promise<Map<QueuedTrial, CohortResult>> {
  const [{ trial: { settings: asked, seed } }] = claimed;
  const { shared, precision } = await takeAlike(claimed, asked);
  const settings = { ...asked, precision };
  const { status, workers = SOLE_WORKER } = settings;
  await stopIfInterrupted(settings, BEFORE_TRAINING);
  for (const { trial, claim } of shared) if (claim) await sayNeed(trial);
  const sources: LoadedSource[] = [];
  for (const { trial } of shared) sources.push(await loadSource(trial));
  const prepared = await prepare(sources, seed, settings).catch((error) => {
    // Ctrl-C also ends a pip that downloads TensorFlow.
    interruptible(settings, BEFORE_TRAINING)();
    throw error;
  });
  try {
    await checkWorkers(shared, sources, prepared, settings);
    const taken = await takeFitting(shared, prepared, settings);
    const title = cohortTitle(taken);
    if (taken.length > 1) status.line(`${title} train together`);
    const loaded = sources.flatMap(({ teachers }) => teachers);
    if (workers.leads) {
      for (const { learned } of sources) await recordLearned(prepared.fingerprint, learned);
    }
    const printLine = (line: string) => status.line(`${title}: ${line}`);
    const records = workers.leads
      ? await scoreTeachers(loaded, prepared, settings, printLine)
      : new Map<string, TeacherRecord>();
    const foundations = sources.map(({ teachers, stages }): Foundations => ({
      teachers: teachers.flatMap(({ path }) => records.get(path) ?? []),
      stages: stages.records,
    }));
    await stopIfInterrupted(settings, BEFORE_TRAINING);
    for (const [i, { trial, claim }] of taken.entries()) {
      if (claim) await makeReady(trial, prepared, foundations[i]);
    }
    // Nobody reads a run's state before the leader has put it aside.
    await workers.follow("");
    const trainings = taken.map(({ trial, claim }, i) =>
      new TrialTraining(trial, claim, prepared.assemblies[i], prepared, foundations[i])
    );
    const results = await new CohortTraining(trainings, prepared, settings).run();
    return new Map(taken.map(({ trial }, i) => [trial, results[i]]));
  } finally {
    prepared.close();
    status.close();
  }
}

/** An experiment with its teachers and first stages, and their records. */
interface LoadedSource extends TrialSource {
  readonly teachers: readonly LoadedTeacher[];
  readonly stages: LoadedStages;
}

async function loadSource(trial: QueuedTrial): Promise<LoadedSource> {
  const { experiment, root, settings } = trial;
  const foundation = foundationSettings(experiment, settings);
  const teachers = await readTeachers(experiment, root, foundation);
  const stages = await readStages(experiment, root, foundation);
  const learned = await listLearned(await lookAgain(trial), foundation);
  return { experiment, teachers, stages, learned };
}

/**
 * Checks that workers can share each batch of these trials: they have the same data, the same code
 * of the user's own and the same weights of teachers and first stages, every worker gets at least one
 * image of each batch, with `accumulate` one for each part that it makes of its own, and no method
 * remembers earlier batches, of which each worker sees its part only. Rejects with a `Failure` (exit
 * 2).
 */
async function checkWorkers(
  shared: readonly SharedTrial[],
  sources: readonly LoadedSource[],
  { train, opened, fingerprint, assemblies }: Prepared,
  settings: Settings,
): Promise<void> {
  const { workers = SOLE_WORKER } = settings;
  await workers.agree("data set", `${train.size} images of ${opened.classes.length} classes`);
  const { batch, accumulate = 1 } = scheduleOf(shared[0].trial.experiment, settings);
  checkShards(epochSize(train), batch, workers.share.workers, accumulate);
  if (workers.share.workers === 1) return;
  await workers.agree("digest of the data set", await fingerprint.digest());
  for (const [i, { trial }] of shared.entries()) {
    await workers.agree(`code of ${titleOf(trial)}`, await codeText(trial));
    await workers.agree(`sha256 of weights for ${titleOf(trial)}`, weightsText(sources[i]));
    if (assemblies[i].memories.length === 0) continue;
    const who = `${titleOf(trial)}: ${trial.experiment.distiller.id}`;
    const why = "remembers earlier batches, of which each worker sees its part only";
    throw new Failure(2, `${who} ${why}: train it in one process`);
  }
}

/** The user's own modules that a trial runs, with their checksums. */
async function codeText({ identity, root }: QueuedTrial): Promise<string> {
  const modules = Object.entries(await ownCode(identity, root));
  return modules.map(([path, sum]) => `${path} ${sum.slice(0, 12)}`).join(", ");
}

/** The checksums of the weights of teachers and first stages, in order. */
function weightsText({ teachers, stages }: LoadedSource): string {
  const weights = [...teachers.map(({ identity }) => identity), ...stages.records];
  return weights.map(({ sha256 }) => sha256.slice(0, 12)).join(", ") || "none";
}

/**
 * Takes the first trials that train in one precision, and releases the claims of the others. With
 * `keepPrecision`, a run that has begun keeps its own.
 */
async function takeAlike(
  claimed: readonly SharedTrial[],
  { keepPrecision, precision: asked, status, workers = SOLE_WORKER }: Settings,
): Promise<{ shared: readonly SharedTrial[]; precision: Settings["precision"] }> {
  if (!keepPrecision) return { shared: claimed, precision: asked };
  const begun: Settings["precision"][] = [];
  for (const { trial } of claimed) begun.push(await begunPrecision(trial) ?? asked);
  const [precision] = begun;
  const end = begun.findIndex((one) => one !== precision);
  const shared = end < 0 ? claimed : claimed.slice(0, end);
  await workers.agree("precision", `${precision} of ${shared.length} trials`);
  for (const { claim } of claimed.slice(shared.length)) claim?.[Symbol.dispose]();
  if (precision !== asked) {
    status.line(`${cohortTitle(shared)}: goes on in ${precision}, in which it began`);
  }
  return { shared, precision };
}

/** The precision of a run that has begun. `undefined` if it has not, or starts again. */
async function begunPrecision(trial: QueuedTrial): Promise<Settings["precision"]> {
  const { state, folder } = await lookAgain(trial);
  return state === "begun" ? (await folder.latest())?.progress.precision : undefined;
}

/**
 * Takes as many trials as fit into memory, says if not all do, settles their claims and releases the
 * others'.
 */
async function takeFitting(
  shared: readonly SharedTrial[],
  prepared: Prepared,
  settings: Settings,
): Promise<readonly SharedTrial[]> {
  const { workers = SOLE_WORKER, status } = settings;
  const experiments = shared.map(({ trial: { experiment } }) => experiment);
  const memory = await measureStepMemory(prepared, experiments, settings);
  const fitting = memory ? fittingTrials(memory) : shared.length;
  const taken = shared.slice(0, await workers.least(fitting));
  for (const { claim } of taken) claim?.settle();
  if (memory && fitting < shared.length) {
    const reason = describeStepMemory(memory, taken.length, shared.length);
    status.line(`${cohortTitle(shared)}: ${reason}`);
  }
  for (const { claim } of shared.slice(taken.length)) claim?.[Symbol.dispose]();
  return taken;
}

function cohortTitle([{ trial: first }, ...others]: readonly SharedTrial[]): string {
  if (others.length === 0) return titleOf(first);
  return `${others.length + 1} trials of seed ${first.seed}`;
}

/** Says why a trial is trained that was not requested. */
async function sayNeed(trial: QueuedTrial): Promise<void> {
  const { need, identity: { id }, seed, settings: { status } } = trial;
  if (!need) return;
  const { state } = await lookAgain(trial);
  if (state === "done") return;
  status.line(`${need.role} ${id} seed ${seed} is ${STATE_TEXTS[state]}; it is trained first`);
}

/**
 * Puts aside the files of a run that the new one does not continue. Lets the new one go on from a
 * shorter run, if it can.
 */
async function makeReady(
  trial: QueuedTrial,
  prepared: Prepared,
  { teachers, stages }: Foundations,
): Promise<void> {
  const { state } = await lookAgain(trial);
  if (state === "done" || state === "begun") return;
  const say = (line: string) => trial.settings.status.line(`${titleOf(trial)} ${line}`);
  const aside = state === "missing" ? undefined : await trial.folder.putAside();
  if (aside) {
    say(`is ${STATE_TEXTS[state]}; the old run is kept in ${aside}`);
    // Without a folder, the next command would take the old run back.
    await trial.folder.make();
  }
  if (state !== "missing" && state !== "stale") return;
  const start = await findStart(trial, prepared, [...teachers, ...stages]);
  if (!start) return;
  const { from, reason = await goOnFrom(trial, from, prepared) } = start;
  say(describeStart({ from, reason }));
}
