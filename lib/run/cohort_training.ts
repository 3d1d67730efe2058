/**
 * The training of a cohort: trials that see the same images in the same order train in one graph,
 * epoch after epoch. A single trial is a cohort of one. The only training loop.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import { epochSize } from "../data/epoch.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import type { RunLength } from "../experiment/schedule.ts";
import type { Trial } from "../project/result.ts";
import type { Score } from "../tasks/task.ts";
import { compileSteps, type Steps } from "../training/compile_steps.ts";
import { runLength } from "../training/run_length.ts";
import { type RunPosition, trainInputs } from "../training/train_inputs.ts";
import { Failure } from "../values/failure.ts";
import { formatThroughput } from "../values/numbers.ts";
import type { Value } from "../weights/value.ts";
import { dataAdvice } from "./data_advice.ts";
import type { Prepared } from "./prepare.ts";
import { parallelOf, SAVE_EVERY, type Settings } from "./settings.ts";
import { interruptible } from "./stop.ts";
import type { EpochScores, SharedTime, TrialTraining } from "./trial_training.ts";
import { SOLE_WORKER, type Workers } from "./workers.ts";

/**
 * The result of a trial in a cohort, or the failure (exit 4) with which it left. `undefined` if
 * another worker records it.
 */
export type CohortResult = Trial | Failure | undefined;

/** The training of a cohort. */
export class CohortTraining {
  readonly #trials: readonly TrialTraining[];
  readonly #prepared: Prepared;
  readonly #settings: Settings;
  readonly #workers: Workers;
  /** What helps if the step waits for data, once. */
  readonly #dataAdvice: ReturnType<typeof dataAdvice>;
  /** The failures of the trials that diverged. */
  readonly #failures = new Map<TrialTraining, Failure>();
  /** The steps of the trials that trained together last. */
  #compiled: { readonly group: readonly TrialTraining[]; readonly steps: Steps } | undefined;

  /** `settings` are those that all trials share. */
  constructor(trials: readonly TrialTraining[], prepared: Prepared, settings: Settings) {
    this.#trials = trials;
    this.#prepared = prepared;
    this.#settings = settings;
    this.#workers = settings.workers ?? SOLE_WORKER;
    this.#dataAdvice = dataAdvice(prepared.train);
  }

  /**
   * Trains all epochs that are left of each trial and returns the results, in order. A trial that
   * diverges leaves, and the others go on.
   */
  async run(): Promise<CohortResult[]> {
    for (const trial of this.#trials) {
      await trial.begin();
      await this.#workers.agree(`state of ${trial.title}`, JSON.stringify(trial.position));
    }
    for (let group = this.#furthestBehind(); group.length > 0; group = this.#furthestBehind()) {
      await this.#trainEpoch(group);
    }
    const compared = this.#workers.leads ? await this.#compare() : undefined;
    const results: CohortResult[] = [];
    for (const trial of this.#trials) {
      results.push(
        this.#failures.get(trial) ?? (compared && await trial.finish(compared.get(trial))),
      );
    }
    return results;
  }

  /**
   * The trials to train next: those at the earliest position. They catch up with the others, and
   * from there all train together.
   */
  #furthestBehind(): TrialTraining[] {
    const left = this.#trials.filter((trial) => !trial.isComplete && !this.#failures.has(trial));
    const first = left.map(({ position }) => position).reduce(
      (a, b) => isBefore(b, a) ? b : a,
      END,
    );
    return left.filter(({ position }) => !isBefore(first, position));
  }

  #steps(group: readonly TrialTraining[]): Steps {
    const known = this.#compiled;
    if (known && isSameGroup(known.group, group)) return known.steps;
    const { engine } = this.#prepared;
    const assemblies = group.map(({ assembly }) => assembly);
    const name = JSON.stringify([group.map(({ title }) => title), group[0].position]);
    const steps = compileSteps(engine, assemblies, parallelOf(this.#settings, name));
    this.#compiled = { group, steps };
    return steps;
  }

  /**
   * Trains the rest of an epoch, saves the states, evaluates the students, logs the epoch and saves
   * again. Stops early if a trial diverges: the rest is for those that are left.
   */
  async #trainEpoch(group: readonly TrialTraining[]): Promise<void> {
    const begun = performance.now();
    const seconds = () => (performance.now() - begun) / 1000;
    const time = await this.#trainBatches(group, seconds);
    if (!time) return;
    const states = new Map<TrialTraining, Map<string, Value>>();
    for (const trial of group) {
      await this.#guard(trial, async () => states.set(trial, await trial.readState()));
      await this.#failTogether(trial);
    }
    const healthy = group.filter((trial) => !this.#failures.has(trial));
    // The workers meet in steps of one name, so all of them compile these at one place.
    if (healthy.length > 0) this.#steps(healthy);
    if (!this.#workers.leads) return healthy.forEach((trial) => trial.followEpoch());
    // An evaluation that fails, or is killed, costs no training.
    for (const trial of healthy) await trial.saveTrained(states.get(trial)!, time);
    const scores = await this.#evaluate(healthy);
    const all = seconds();
    for (const [i, trial] of healthy.entries()) {
      await trial.endEpoch(states.get(trial)!, scores[i], time, all);
    }
    const advice = this.#dataAdvice(time);
    if (advice !== undefined) this.#settings.status.line(`${groupTitle(group)} ${advice}`);
  }

  /** Makes a trial leave here if it leaves at another worker. */
  async #failTogether(trial: TrialTraining): Promise<void> {
    const hasFailed = this.#failures.has(trial);
    if (!await this.#workers.any(hasFailed) || hasFailed) return;
    this.#failures.set(trial, new Failure(4, `${trial.title}: diverged at another worker`));
  }

  /**
   * Trains the batches that are left of an epoch, and returns their time. Saves the states within it
   * when asked to, or when `saveEvery` has passed. `undefined` if a trial diverges: the others have
   * their share of the time up to there.
   */
  async #trainBatches(
    group: readonly TrialTraining[],
    seconds: () => number,
  ): Promise<SharedTime | undefined> {
    const { limit, gradNorms, interrupted, saveEvery = SAVE_EVERY } = this.#settings;
    const { opened, train, seed, task } = this.#prepared;
    const [{ position, schedule }] = group;
    const schedules = group.map(({ schedule }) => schedule);
    const source = { task, split: train, image: opened.image };
    const shown = epochSize(train);
    const length = runLength(shown, schedule, limit);
    const steps = this.#steps(group);
    let images = 0;
    let waited = 0;
    let ready = seconds();
    let saved = seconds();
    const time = () => ({ images, waited, trained: seconds(), trials: group.length });
    const { share } = this.#workers;
    const inputsOfEpoch = trainInputs(source, schedules, seed, position, limit, share);
    for await (const inputs of inputsOfEpoch) {
      waited += seconds() - ready;
      const rates = inputs.rate.data;
      if (gradNorms && group.some(({ sums }) => !sums.grads)) {
        const norms = await steps.gradNorms(inputs);
        await this.#guardAll(group, (trial, i) => trial.setGradNorms(norms[i], rates[i]));
      }
      const values = await steps.step(inputs);
      const { position: { batch } } = group[0];
      const inBatch = Math.min(schedule.batch, shown - batch * schedule.batch);
      images += inBatch;
      await this.#guardAll(group, (trial, i) => trial.addStep(values[i], inBatch, rates[i]));
      const left = group.filter((trial) => !this.#failures.has(trial));
      if (left.length < group.length) {
        left.forEach((trial) => trial.addTime(time()));
        return undefined;
      }
      this.#showProgress(group, length, images / seconds());
      if (await this.#workers.any(interrupted())) await this.#interrupt(group, time());
      const isRequested = this.#settings.saveRequested?.() ?? false;
      if (isRequested || 1000 * (seconds() - saved) >= saveEvery) {
        await this.#saveWithin(group, time(), isRequested);
        saved = seconds();
      }
      ready = seconds();
    }
    return time();
  }

  /** Does something with a trial, which leaves if it diverges. */
  async #guard(trial: TrialTraining, act: () => unknown): Promise<void> {
    if (this.#failures.has(trial)) return;
    try {
      await act();
    } catch (error) {
      if (!isDivergence(error)) throw error;
      this.#failures.set(trial, error);
      if (this.#trials.length > 1) this.#settings.status.line(error.message);
    }
  }

  async #guardAll(
    group: readonly TrialTraining[],
    act: (trial: TrialTraining, i: number) => void,
  ): Promise<void> {
    for (const [i, trial] of group.entries()) await this.#guard(trial, () => act(trial, i));
  }

  /** Shows the progress of a group in runs of this length. */
  #showProgress(
    group: readonly TrialTraining[],
    { steps, total }: RunLength,
    imagesPerSecond: number,
  ): void {
    const [{ schedule: { epochs }, position: { epoch, batch } }] = group;
    const losses = group.map(({ sums }) => (sums.loss / sums.images).toFixed(3)).join(" ");
    const done = ((epoch - 1) * steps + batch) / total;
    const several = group.length > 1 ? `${group.length} trials ` : "";
    this.#settings.status.update(
      done,
      `${several}ep ${epoch}/${epochs} loss ${losses} img/s ${formatThroughput(imagesPerSecond)}`,
    );
  }

  /**
   * Scores the students of a group and their averages on the test set, and the students on the
   * hold-out if there is one.
   */
  async #evaluate(group: readonly TrialTraining[]): Promise<EpochScores[]> {
    if (group.length === 0) return [];
    const { opened: { test, image }, heldOut, task } = this.#prepared;
    const { evaluate: step } = this.#steps(group);
    const { evalBatch, limit } = this.#settings;
    const place = `in the evaluation of epoch ${group[0].position.epoch}`;
    const between = interruptible(this.#settings, interruptedText(group, place));
    const score = (split: Split) =>
      evaluate(step, { task, split, image }, evalBatch, limit, between);
    const tested = await score(test);
    const held = heldOut && await score(heldOut.split);
    const averages = tested.slice(group.length);
    return group.map(({ assembly: { parts } }, i) => ({
      test: tested[i],
      held: held?.[i],
      average: parts.average && averages.shift(),
    }));
  }

  /** Scores each student beside its teacher, if it has exactly one. */
  async #compare(): Promise<ReadonlyMap<TrialTraining, Score>> {
    const { opened: { test, image }, task } = this.#prepared;
    const taught = this.#trials.filter((trial) =>
      !this.#failures.has(trial) && trial.assembly.teachers.length === 1
    );
    if (taught.length === 0) return new Map();
    const { compare } = this.#steps(taught);
    const { evalBatch, limit } = this.#settings;
    const text = interruptedText(taught, "while it is compared with its teacher");
    const between = interruptible(this.#settings, text);
    const source = { task, split: test, image };
    const scores = await evaluate(compare, source, evalBatch, limit, between);
    return new Map(taught.map((trial, i) => [trial, scores[i]]));
  }

  /**
   * Saves the states within an epoch, if this worker leads, and says so if it `isRequested`. Needs
   * no word with the other workers: a state that is not finite is left for the end of the epoch,
   * where all of them learn of it.
   */
  async #saveWithin(
    group: readonly TrialTraining[],
    time: SharedTime,
    isRequested: boolean,
  ): Promise<void> {
    if (!this.#workers.leads) return;
    for (const trial of group) {
      try {
        await trial.saveWithin(time);
        if (isRequested) this.#settings.status.line(`${trial.title}: saved ${placeOf(group)}`);
      } catch (error) {
        if (!isDivergence(error)) throw error;
      }
    }
  }

  /** Saves the states within an epoch and stops. */
  async #interrupt(group: readonly TrialTraining[], time: SharedTime): Promise<never> {
    for (const trial of this.#workers.leads ? group : []) {
      await this.#guard(trial, () => trial.saveWithin(time));
    }
    const [failed] = this.#failures.values();
    if (failed && this.#trials.length === 1) throw failed;
    throw new Failure(130, interruptedText(group, placeOf(group)));
  }
}

/** What an interruption says at a place where all of the training is saved. */
function interruptedText(group: readonly TrialTraining[], place: string): string {
  const way = group.some(({ trial: { settings } }) => settings.fresh)
    ? "the same command without --fresh goes on, but trains no finished run again"
    : "the same command goes on";
  return `${groupTitle(group)}: interrupted ${place}; saved, ${way}`;
}

/** The name of a group in lines. */
function groupTitle(group: readonly TrialTraining[]): string {
  return group.length > 1 ? `${group.length} trials` : group[0].title;
}

/** The place of a group within an epoch, in words. */
function placeOf([{ position: { epoch, batch } }]: readonly TrialTraining[]): string {
  return `in epoch ${epoch} after batch ${batch}`;
}

/** Whether an error is that of a trial which diverged. */
function isDivergence(error: unknown): error is Failure {
  return error instanceof Failure && error.exit === 4;
}

/** A position after all others. */
const END: RunPosition = { epoch: Infinity, batch: 0, step: 0 };

function isBefore(one: RunPosition, other: RunPosition): boolean {
  return one.epoch < other.epoch || one.epoch === other.epoch && one.batch < other.batch;
}

function isSameGroup(one: readonly TrialTraining[], other: readonly TrialTraining[]): boolean {
  return one.length === other.length && one.every((trial, i) => trial === other[i]);
}
