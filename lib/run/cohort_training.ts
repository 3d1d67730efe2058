/**
 * The training of a cohort: trials that see the same images in the same order train in one graph,
 * epoch after epoch. A single trial is a cohort of one. The only training loop.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import type { Trial } from "../project/result.ts";
import type { Score } from "../tasks/task.ts";
import { compileSteps, type Steps } from "../training/compile_steps.ts";
import { batchCount, type RunPosition, trainInputs } from "../training/train_inputs.ts";
import { Failure } from "../values/failure.ts";
import type { Value } from "../weights/value.ts";
import type { Prepared } from "./prepare.ts";
import { parallelOf, type Settings } from "./settings.ts";
import type { EpochScores, EpochTime, TrialTraining } from "./trial_training.ts";
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
   * Trains the rest of an epoch, evaluates the students, logs the epoch and saves the states. Stops
   * early if a trial diverges: the rest is for those that are left.
   */
  async #trainEpoch(group: readonly TrialTraining[]): Promise<void> {
    const begun = performance.now();
    const seconds = () => (performance.now() - begun) / 1000;
    const throughput = await this.#trainBatches(group, seconds);
    if (!throughput) return;
    const trained = seconds();
    const states = new Map<TrialTraining, Map<string, Value>>();
    for (const trial of group) {
      await this.#guard(trial, async () => states.set(trial, await trial.readState()));
      await this.#failTogether(trial);
    }
    const healthy = group.filter((trial) => !this.#failures.has(trial));
    if (!this.#workers.leads) return healthy.forEach((trial) => trial.followEpoch());
    const scores = await this.#evaluate(healthy);
    const time: EpochTime = {
      ...throughput,
      trained,
      seconds: seconds(),
      trials: group.length,
    };
    for (const [i, trial] of healthy.entries()) {
      await trial.endEpoch(states.get(trial)!, scores[i], time);
    }
  }

  /** Makes a trial leave here if it leaves at another worker. */
  async #failTogether(trial: TrialTraining): Promise<void> {
    const hasFailed = this.#failures.has(trial);
    if (!await this.#workers.any(hasFailed) || hasFailed) return;
    this.#failures.set(trial, new Failure(4, `${trial.title}: diverged at another worker`));
  }

  /** Trains the batches that are left of an epoch. `undefined` if a trial diverges. */
  async #trainBatches(
    group: readonly TrialTraining[],
    seconds: () => number,
  ): Promise<Pick<EpochTime, "images" | "waited"> | undefined> {
    const { limit, gradNorms } = this.#settings;
    const { opened, train, seed, task } = this.#prepared;
    const [{ position, schedule }] = group;
    const schedules = group.map(({ schedule }) => schedule);
    const source = { task, split: train, image: opened.image };
    const count = batchCount(train.size, schedule, limit);
    const steps = this.#steps(group);
    let images = 0;
    let waited = 0;
    let ready = seconds();
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
      const inBatch = Math.min(schedule.batch, train.size - batch * schedule.batch);
      images += inBatch;
      await this.#guardAll(group, (trial, i) => trial.addStep(values[i], inBatch, rates[i]));
      if (group.some((trial) => this.#failures.has(trial))) return undefined;
      this.#showProgress(group, count, images / seconds());
      if (await this.#workers.any(this.#settings.interrupted())) {
        await this.#interrupt(group, seconds());
      }
      ready = seconds();
    }
    return { images, waited };
  }

  /** Does something with a trial, which leaves if it diverges. */
  async #guard(trial: TrialTraining, act: () => unknown): Promise<void> {
    if (this.#failures.has(trial)) return;
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Failure) || error.exit !== 4) throw error;
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

  /** Shows the progress of a group in an epoch of `count` batches. */
  #showProgress(group: readonly TrialTraining[], count: number, imagesPerSecond: number): void {
    const [{ schedule: { epochs }, position: { epoch, batch } }] = group;
    const losses = group.map(({ sums }) => (sums.loss / sums.images).toFixed(3)).join(" ");
    const done = (epoch - 1 + batch / count) / epochs;
    const several = group.length > 1 ? `${group.length} trials ` : "";
    this.#settings.status.update(
      done,
      `${several}ep ${epoch}/${epochs} img/s ${imagesPerSecond.toFixed(0)} loss ${losses}`,
    );
  }

  /** Scores the students of a group on the test set, and on the hold-out if there is one. */
  async #evaluate(group: readonly TrialTraining[]): Promise<EpochScores[]> {
    if (group.length === 0) return [];
    const { opened: { test, image }, heldOut, task } = this.#prepared;
    const { evaluate: step } = this.#steps(group);
    const { evalBatch, limit } = this.#settings;
    const score = (split: Split) => evaluate(step, { task, split, image }, evalBatch, limit);
    const tested = await score(test);
    const held = heldOut && await score(heldOut.split);
    return tested.map((test, i) => ({ test, held: held?.[i] }));
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
    const scores = await evaluate(compare, { task, split: test, image }, evalBatch, limit);
    return new Map(taught.map((trial, i) => [trial, scores[i]]));
  }

  /** Saves the states in the middle of an epoch and stops. */
  async #interrupt(group: readonly TrialTraining[], seconds: number): Promise<never> {
    const [{ position: { epoch, batch } }] = group;
    for (const trial of this.#workers.leads ? group : []) {
      await this.#guard(trial, () => trial.saveWithin(seconds / group.length));
    }
    const [failed] = this.#failures.values();
    if (failed && this.#trials.length === 1) throw failed;
    const title = group.length > 1 ? `${group.length} trials` : group[0].title;
    const where = `in epoch ${epoch} after batch ${batch}`;
    throw new Failure(130, `${title}: interrupted ${where}; saved, the same command goes on`);
  }
}

/** A position after all others. */
const END: RunPosition = { epoch: Infinity, batch: 0, step: 0 };

function isBefore(one: RunPosition, other: RunPosition): boolean {
  return one.epoch < other.epoch || one.epoch === other.epoch && one.batch < other.batch;
}

function isSameGroup(one: readonly TrialTraining[], other: readonly TrialTraining[]): boolean {
  return one.length === other.length && one.every((trial, i) => trial === other[i]);
}
