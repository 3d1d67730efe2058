/**
 * What runs learned from, compared with the data that are there now.
 *
 * @module
 */
import { AbsentDataset } from "../data/dataset.ts";
import { type DataFacts, Fingerprint } from "../data/fingerprint.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { imageSource } from "./declared_data.ts";
import { listFoundations, type QueuedTrial } from "./queue.ts";
import { type Resolved, resolveTrained, titleOf } from "./resolve.ts";
import { type FoundationChoice, foundationSettings, type Settings } from "./settings.ts";

/** A run that a trial continues or builds on. */
export interface LearnedRun {
  readonly run: Resolved;
  /** What it learned from. `undefined` for a run from before this was recorded. */
  readonly facts: DataFacts | undefined;
  /** Whether it declares the same files or images as the trial. */
  readonly isSameSource: boolean;
}

/**
 * Lists the runs that a trial continues or builds on, as far as they are there: its own run, and
 * those of its teachers and first stages. Rejects with a `Failure` (exit 3) if a record is damaged.
 */
export async function listLearned(
  own: Resolved,
  settings: FoundationChoice,
): Promise<LearnedRun[]> {
  const { experiment } = own;
  const source = imageSource(experiment.dataset);
  const runs: Resolved[] = [own];
  // A body may have learned from any data: its classes are not the student's.
  for (const { trained } of listFoundations({ ...experiment, body: undefined })) {
    runs.push(await resolveTrained(trained, settings));
  }
  const learned: LearnedRun[] = [];
  for (const run of runs.filter(({ state }) => state === "begun" || state === "done")) {
    const isSameSource = imageSource(run.experiment.dataset) === source;
    learned.push({ run, facts: await run.folder.data(), isSameSource });
  }
  return learned;
}

/**
 * Compares an opened data set with those that runs learned from. Of a run that declares another one
 * only the order of its classes is compared. Rejects with a `Failure` (exit 3) that names the run
 * and what differs.
 */
export async function checkLearned(
  fingerprint: Fingerprint,
  runs: readonly LearnedRun[],
): Promise<void> {
  for (const { run, facts, isSameSource } of runs) {
    if (!facts) continue;
    const learned = { by: titleOf(run), facts };
    if (isSameSource) await fingerprint.check(learned);
    else fingerprint.checkOrder(learned);
  }
}

/** Records what there is now for runs from before this was recorded. */
export async function recordLearned(
  fingerprint: Fingerprint,
  runs: readonly LearnedRun[],
): Promise<void> {
  for (const { run, facts, isSameSource } of runs) {
    if (!facts && isSameSource) await run.folder.recordData(await fingerprint.facts());
  }
}

/** The data sets that are there without a download, each opened once, until it is disposed. */
export class PresentData implements Disposable {
  readonly #settings: Pick<Settings, "data" | "status">;
  readonly #open = new Map<string, Fingerprint | undefined>();
  readonly #resources = new DisposableStack();

  constructor(settings: Pick<Settings, "data" | "status">) {
    this.#settings = settings;
  }

  /**
   * The fingerprint of a data set. `undefined` if it is not there. Rejects with a `Failure` (exit 3)
   * if it is broken.
   */
  async fingerprint(dataset: Experiment["dataset"]): Promise<Fingerprint | undefined> {
    const source = imageSource(dataset);
    if (!this.#open.has(source)) this.#open.set(source, await this.#look(dataset));
    return this.#open.get(source);
  }

  async #look(dataset: Experiment["dataset"]): Promise<Fingerprint | undefined> {
    const { data, status } = this.#settings;
    try {
      const opened = await dataset.open(data, status.line, true);
      this.#resources.defer(() => opened.close());
      return new Fingerprint(opened, dataset.task);
    } catch (error) {
      if (error instanceof AbsentDataset) return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#resources.dispose();
  }
}

/**
 * Compares, before any training, the data of queued trials with those that the runs which they
 * continue or build on learned from. Skips `first`, the trial that trains first, if that is known,
 * which `prepare` checks, and data that are not there. Rejects as `checkLearned` does.
 */
export async function checkLearnedInQueue(
  waiting: readonly QueuedTrial[],
  first: QueuedTrial | undefined,
  present: PresentData,
): Promise<void> {
  for (const trial of waiting) {
    if (trial === first) continue;
    const foundation = foundationSettings(trial.experiment, trial.settings);
    const learned = await listLearned(trial, foundation);
    if (learned.length === 0) continue;
    const fingerprint = await present.fingerprint(trial.experiment.dataset);
    if (fingerprint) await checkLearned(fingerprint, learned);
  }
}
