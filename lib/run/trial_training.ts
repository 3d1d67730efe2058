import { epochSize } from "../data/epoch.ts";
import type { Engine, Values } from "../engine/engine.ts";
import type { Epoch } from "../experiment/experiment.ts";
import type { RunLength, Schedule } from "../experiment/schedule.ts";
import type { Variable } from "../nn/variables.ts";
import type { OwnCode } from "../project/own_code.ts";
import { recordRun, type Trial } from "../project/result.ts";
import { loadedCommit } from "../project/versions.ts";
import type { Score } from "../tasks/task.ts";
import type { Assembly } from "../training/assemble.ts";
import { listGradNorms, listValues, type NamedValue } from "../training/list_values.ts";
import type { GradNormValues, TrainValues } from "../training/step.ts";
import { runLength, stepsInEpoch } from "../training/run_length.ts";
import type { RunPosition } from "../training/train_inputs.ts";
import { Failure } from "../values/failure.ts";
import { canonical } from "../values/json.ts";
import { checkVariables, FRESH_HINT, saveCheckpoint } from "../weights/checkpoint.ts";
import type { Value } from "../weights/value.ts";
import type { Claim } from "./claim.ts";
import { epochLine, epochLog, type EpochSummary, Logs } from "./epoch_log.ts";
import { addStep, type EpochSums, NO_SUMS, setGradNorms } from "./epoch_sums.ts";
import type { Prepared } from "./prepare.ts";
import { describeOtherWeights, hasOtherWeights } from "./begun_weights.ts";
import type { QueuedTrial } from "./queue.ts";
import { finalTrial, type Foundations, manifest, originOf } from "./record.ts";
import { acceptCode, titleOf } from "./resolve.ts";
import type { BestEpoch, RunProgress, StepsTime } from "./run_folder.ts";
import { scheduleOf } from "./settings.ts";
import { SOLE_WORKER } from "./workers.ts";

/** The number format and the backend of a run. */
export type Arithmetic = Pick<RunProgress, "precision" | "backend">;

/** Throws a `Failure` (exit 2) if a run has another precision or backend than requested. */
export function checkArithmetic(
  path: string,
  used: Arithmetic,
  requested: Partial<Arithmetic>,
): void {
  const { precision = used.precision, backend = used.backend } = requested;
  if (used.precision === precision && used.backend === backend) return;
  const flags = `--precision ${used.precision} --backend ${used.backend}`;
  throw new Failure(
    2,
    `${path} is a run with ${flags}: continue with these flags, or ${FRESH_HINT}`,
  );
}

/** The scores of a trial's student after an epoch. */
export interface EpochScores {
  /** The score on the test set. */
  readonly test: Score;
  /** The score on the hold-out. `undefined` if there is none. */
  readonly held?: Score;
  /** The score of the moving average on the test set. `undefined` if there is none. */
  readonly average?: Score;
}

/** The time of an epoch's steps in this process, with the same trials. */
export interface SharedTime extends StepsTime {
  /** The number of trials that shared this time. */
  readonly trials: number;
}

/**
 * One trial in training: its progress, its log and its files. Without a claim, another worker leads:
 * this one follows its progress and writes nothing.
 */
export class TrialTraining {
  readonly trial: QueuedTrial;
  readonly assembly: Assembly;
  /** The name of the trial in lines. */
  readonly title: string;
  /** The schedule of the run. */
  readonly schedule: Schedule;
  readonly #length: RunLength;
  readonly #claim: Claim | undefined;
  readonly #prepared: Prepared;
  readonly #foundations: Foundations;
  /** The number of workers and their norms, for the record. */
  readonly #shared: Sharing;
  #progress: RunProgress;
  #logs!: Logs;
  #revision!: string | null;
  #code!: OwnCode;

  constructor(
    trial: QueuedTrial,
    claim: Claim | undefined,
    assembly: Assembly,
    prepared: Prepared,
    foundations: Foundations,
  ) {
    this.trial = trial;
    this.#claim = claim;
    this.assembly = assembly;
    this.title = titleOf(trial);
    this.schedule = scheduleOf(trial.experiment, trial.settings);
    this.#length = runLength(epochSize(prepared.train), this.schedule, trial.settings.limit);
    this.#prepared = prepared;
    this.#foundations = foundations;
    const { precision, backend } = prepared;
    const { workers: { share: { workers } } = SOLE_WORKER, syncNorm } = trial.settings;
    this.#shared = workers === 1 ? {} : { workers, ...(syncNorm ? { syncNorm } : {}) };
    this.#progress = {
      declaration: trial.declaration,
      precision,
      backend,
      epoch: 0,
      batch: 0,
      step: 0,
      sums: NO_SUMS,
      seconds: 0,
      ...this.#shared,
    };
  }

  /** The next step. */
  get position(): RunPosition {
    const { epoch, batch, step } = this.#progress;
    return { epoch: epoch + 1, batch, step };
  }

  /** Whether every epoch is done. */
  get isComplete(): boolean {
    return this.#progress.epoch >= this.schedule.epochs;
  }

  /** The sums over the unfinished epoch. */
  get sums(): EpochSums {
    return this.#progress.sums;
  }

  /** Continues from the saved state, if there is one, and writes what the run is going to be. */
  async begin(): Promise<void> {
    const { folder, root, settings } = this.trial;
    if (this.#claim) await folder.make();
    const goesOn = await this.#resume();
    if (!this.#claim) return;
    await this.#noteOrigin();
    if (goesOn) settings.status.line(`${this.title}: goes on after epoch ${this.#place()}`);
    // Read before training, because the project may change meanwhile.
    this.#revision = await loadedCommit(root);
    await folder.write(
      "declaration.json",
      manifest(
        this.trial,
        this.assembly,
        this.#prepared,
        this.#foundations.stages,
        settings,
        this.#progress,
        this.#revision,
      ),
    );
    await folder.recordData(await this.#prepared.fingerprint.facts());
    this.#code = await acceptCode(this.trial);
    this.#logs = new Logs(folder.path, this.#progress.epoch);
  }

  /** Continues from `latest.safetensors`. Returns whether there is one. */
  async #resume(): Promise<boolean> {
    const { folder } = this.trial;
    const latest = await folder.latest();
    if (!latest) return false;
    const { path, progress, tensors } = latest;
    checkArithmetic(folder.path, progress, this.#progress);
    const { state } = this.assembly;
    checkVariables(path, tensors, new Map(state.map(({ name, shape }) => [name, shape])));
    await this.#engine.hold(
      state,
      new Map(Array.from(tensors, ([name, { data }]) => [name, data as Float32Array])),
    );
    this.#progress = { ...progress, ...joinSharing(progress, this.#shared) };
    // A crash may have come after the state was saved and before the weights of its epoch were.
    if (this.#claim && progress.batch === 0) await this.#saveWeights(tensors);
    return true;
  }

  /**
   * Notes what the run is made from, if all of it is made from the same. Rejects with a `Failure`
   * (exit 2) if it began with other weights of teachers or first stages: its record names one set.
   */
  async #noteOrigin(): Promise<void> {
    const { teachers, stages } = this.#foundations;
    const origin = await originOf(this.trial, this.#prepared, [...teachers, ...stages]);
    const { step, origin: before, weights = before?.weights } = this.#progress;
    if (hasOtherWeights({ step, weights }, origin.weights)) {
      throw new Failure(2, describeOtherWeights(this.trial));
    }
    const isSame = step === 0 || before !== undefined && canonical(before) === canonical(origin);
    this.#progress = {
      ...this.#progress,
      origin: isSame ? origin : undefined,
      weights: origin.weights,
    };
  }

  /** The saved place in words: an epoch, and what is done of the next one. */
  #place(): string {
    const { epoch, batch } = this.#progress;
    if (batch === 0) return `${epoch}`;
    return batch < stepsInEpoch(this.#length, epoch + 1)
      ? `${epoch}, batch ${batch}`
      : `${epoch + 1}, with its evaluation`;
  }

  get #engine(): Engine {
    return this.#prepared.engine;
  }

  /**
   * Adds a step over `images` images. Throws a `Failure` (exit 4) that names the first term whose
   * value is not finite.
   */
  addStep(values: Values<TrainValues>, images: number, rate: number): void {
    this.#checkFinite(listValues(values), rate);
    const { batch, step, sums } = this.#progress;
    this.#progress = {
      ...this.#progress,
      batch: batch + 1,
      step: step + 1,
      sums: addStep(sums, values, images),
      readsLength: this.assembly.lengthsRead.size > 0,
    };
  }

  /**
   * Enters the gradient norms of the epoch, unless it has them. Throws a `Failure` (exit 4) if one
   * is not finite.
   */
  setGradNorms(norms: Values<GradNormValues>, rate: number): void {
    const { sums } = this.#progress;
    if (sums.grads) return;
    this.#checkFinite(listGradNorms(norms), rate);
    this.#progress = { ...this.#progress, sums: setGradNorms(sums, norms) };
  }

  #checkFinite(values: readonly NamedValue[], rate: number): void {
    const bad = values.find(([, value]) => !Number.isFinite(value[0]));
    if (!bad) return;
    const [name, [value]] = bad;
    const { epoch, step } = this.position;
    const place = `in epoch ${epoch}, step ${step} (lr ${+rate.toPrecision(6)})`;
    throw this.#divergence(`the term ${name} is ${value} ${place}`);
  }

  /**
   * Reads the whole state, from which the run can continue. Rejects with a `Failure` (exit 4) if
   * some of it is not finite: no run could continue from there.
   */
  async readState(): Promise<Map<string, Value>> {
    const { state } = this.assembly;
    const values = await this.#engine.read(state);
    const bad = state.find((_, i) => !values[i].every(Number.isFinite));
    if (bad) {
      const { epoch } = this.position;
      throw this.#divergence(`the variable ${bad.name} is not finite in epoch ${epoch}`);
    }
    return new Map(state.map(({ name, shape }, i) => [name, { shape, data: values[i] }]));
  }

  #divergence(problem: string): Failure {
    const { epoch } = this.#progress;
    const kept = epoch > 0 ? `; epoch ${epoch} is kept in ${this.trial.folder.path}` : "";
    const advice = "try a smaller learning rate or weight";
    return new Failure(4, `${this.title}: ${problem}${kept}; ${advice}`);
  }

  /** Follows an epoch whose steps are done, which the leader evaluates and saves. */
  followEpoch(): void {
    const { epoch } = this.#progress;
    this.#progress = {
      ...this.#progress,
      epoch: epoch + 1,
      batch: 0,
      sums: NO_SUMS,
      spent: undefined,
    };
  }

  /**
   * Logs and prints an epoch whose steps are done, and saves the state after it. `seconds` are those
   * of this process, in steps and in the evaluation.
   */
  async endEpoch(
    state: ReadonlyMap<string, Value>,
    { test, held, average }: EpochScores,
    time: SharedTime,
    seconds: number,
  ): Promise<void> {
    const { experiment: { dataset: { task } }, settings } = this.trial;
    const { epochs, rate } = this.schedule;
    const { sums, best, spent } = this.#progress;
    const { epoch } = this.position;
    const { images, trained, waited } = addTimes(spent, time);
    this.#progress = {
      ...this.#progress,
      epoch,
      batch: 0,
      sums: NO_SUMS,
      best: betterOf(best, { epoch, chosen: (held ?? test)[task.primary], score: test, average }),
      last: test,
      held,
      average,
      seconds: this.#progress.seconds + seconds / time.trials,
      spent: undefined,
    };
    const summary: EpochSummary = {
      epoch,
      epochs,
      rate: rate(epoch, 0, this.#length),
      sums,
      test,
      held,
      average,
      trials: time.trials,
      imagesPerSecond: images / trained,
      waited,
      seconds: (spent?.trained ?? 0) + seconds,
    };
    this.#claim?.check();
    this.#logs.add(epochLog(task, summary));
    settings.status.line(`${this.title} ${epochLine(task, summary)}`);
    await this.#saveState(state, this.#progress);
    await this.#saveWeights(state);
  }

  /** Saves the state after the last step of an epoch, before its evaluation. */
  async saveTrained(state: ReadonlyMap<string, Value>, time: SharedTime): Promise<void> {
    const { batch, sums, stepSeconds = Infinity } = this.#progress;
    // The rest of an epoch traces the step again, and may have no steps at all.
    if (sums.images === time.images) {
      const seconds = time.trained / time.trials / batch;
      this.#progress = { ...this.#progress, stepSeconds: Math.min(stepSeconds, seconds) };
    }
    await this.#saveState(state, this.#progressWithin(time));
  }

  /**
   * Saves the state within an epoch. Rejects with a `Failure` (exit 4) if some of it is not finite.
   */
  async saveWithin(time: SharedTime): Promise<void> {
    await this.#saveState(await this.readState(), this.#progressWithin(time));
  }

  /** Adds the time of an epoch's steps so far, before it goes on with fewer trials. */
  addTime(time: SharedTime): void {
    this.#progress = this.#progressWithin(time);
  }

  /** The progress within an epoch. `time` is that of its steps since time was last added. */
  #progressWithin(time: SharedTime): RunProgress {
    const { seconds, spent } = this.#progress;
    return {
      ...this.#progress,
      seconds: seconds + time.trained / time.trials,
      spent: addTimes(spent, time),
    };
  }

  async #saveState(state: ReadonlyMap<string, Value>, progress: RunProgress): Promise<void> {
    const { folder } = this.trial;
    this.#claim?.check();
    await folder.saveLatest(state, progress);
  }

  /**
   * Writes the student's weights after the epoch that is just complete, if it is the best, the last
   * or one to keep.
   */
  async #saveWeights(state: ReadonlyMap<string, Value>): Promise<void> {
    const { identity, seed, folder, keep } = this.trial;
    const { epoch, best } = this.#progress;
    const { weights, averages, trainedModules } = this.assembly;
    const student = selectValues(weights, state);
    const average = averages && selectValues(averages, state);
    const modules = trainedModules && selectValues(trainedModules, state);
    const { image } = this.#prepared.opened;
    const metadata = { experiment: identity.id, seed, epoch, image };
    const numbers: Record<Epoch, number | undefined> = {
      best: best?.epoch,
      last: this.schedule.epochs,
    };
    for (const name of new Set<Epoch>(["best", "last", ...keep])) {
      if ((numbers[name] ?? name) !== epoch) continue;
      await saveCheckpoint(folder.weights(name), student, metadata);
      if (average) await saveCheckpoint(folder.weights(name, "average"), average, metadata);
      if (modules) await saveCheckpoint(folder.trainedModules(name), modules, metadata);
    }
  }

  /** Records and returns the result. `compared` is the score beside the only teacher. */
  async finish(compared: Score | undefined): Promise<Trial> {
    const trial = finalTrial(
      this.trial,
      this.#prepared,
      this.#progress,
      this.#foundations.teachers,
      { commit: this.#revision, code: this.#code },
      compared,
      await this.#prepared.fingerprint.digest(),
    );
    const { folder, root, identity: { id }, settings: { status } } = this.trial;
    this.#claim?.check();
    // Before the run counts as done, or a kill in between would leave it unrecorded.
    await recordRun(root, id, trial, status.line);
    await folder.writeTrial(trial);
    return trial;
  }
}

/** The workers of a run and their norms, as the record says them. */
type Sharing = Pick<RunProgress, "workers" | "syncNorm">;

/**
 * The sharing of a run in two parts: the most workers of either. Norms used the whole batch only if
 * they did in each part that several workers shared.
 */
function joinSharing(one: Sharing, other: Sharing): Sharing {
  const shared = [one, other].filter(({ workers }) => workers !== undefined);
  if (shared.length === 0) return {};
  return {
    workers: Math.max(...shared.map(({ workers = 1 }) => workers)),
    syncNorm: shared.every(({ syncNorm }) => syncNorm) || undefined,
  };
}

/** The time of some steps and of others after them. */
function addTimes(
  { images, waited, trained }: StepsTime = { images: 0, waited: 0, trained: 0 },
  later: StepsTime,
): StepsTime {
  return {
    images: images + later.images,
    waited: waited + later.waited,
    trained: trained + later.trained,
  };
}

/** The better epoch. The earlier one if they are equal. */
function betterOf(earlier: BestEpoch | undefined, epoch: BestEpoch): BestEpoch {
  return !earlier || epoch.chosen > earlier.chosen ? epoch : earlier;
}

/** Picks the values of variables from a state, under the keys of `variables`. */
function selectValues(
  variables: ReadonlyMap<string, Variable>,
  state: ReadonlyMap<string, Value>,
): Map<string, Value> {
  return new Map(Array.from(variables, ([name, variable]) => [name, state.get(variable.name)!]));
}
