import { epochSize } from "../data/epoch.ts";
import type { Experiment, Teacher } from "../experiment/experiment.ts";
import type { ExternalWeights } from "../experiment/weights.ts";
import type { Net } from "../nn/network.ts";
import { checkIterations } from "../training/run_length.ts";
import { Failure } from "../values/failure.ts";
import { importWeights, importWithItsClasses } from "../weights/import_weights.ts";
import { openWeights, resolveWeights } from "../weights/locate_weights.ts";
import type { WeightsFile } from "../weights/weights_file.ts";
import { assembleChecked, splitHoldout } from "./prepare.ts";
import type { QueuedTrial } from "./queue.ts";
import { scheduleOf, type Settings } from "./settings.ts";

/**
 * Checks, before any training, the data sets, networks, methods and external weights of queued
 * trials. Opens each distinct data set once, which downloads it if possible, and closes it. Checks
 * that each file of external weights exists (downloads it if it has an address), has the declared
 * SHA-256, can be read and fits the teacher or body, that a body fits its student, that networks
 * suit the method, and that declared iterations end within the last epoch. Skips the experiment of
 * `first`, the trial that trains first, if that is known: `prepare` checks it. Rejects with a
 * `Failure` that names the file, the data set or the experiment.
 */
export async function checkQueue(
  waiting: readonly QueuedTrial[],
  first: QueuedTrial | undefined,
): Promise<void> {
  const others = waiting.filter(({ experiment }) => experiment !== first?.experiment);
  for (const trials of Map.groupBy(others, dataKey).values()) {
    const { experiment: { dataset }, settings } = trials[0];
    const taught = await openExternalWeights(trials, ({ teachers }) => teachers, settings);
    const bodies = await openExternalWeights(trials, ({ body }) => body ? [body] : [], settings);
    const opened = await dataset.open(settings.data, settings.status.line);
    try {
      const { image, classes: { length: classes } } = opened;
      const { train } = splitHoldout(opened, dataset.holdout, 1);
      const titles = new Map(trials.map(({ experiment, identity: { id } }) => [experiment, id]));
      for (const [experiment, title] of titles) {
        naming(title, () => {
          const schedule = scheduleOf(experiment, settings);
          checkIterations(epochSize(train), schedule);
          assembleChecked(experiment, { seed: 1, image, classes, train, schedule });
        });
      }
      for (const { network, file } of taught) importWeights(network, image, classes, file);
      for (const { network, file } of bodies) importWithItsClasses(network, image, file);
    } finally {
      opened.close();
    }
  }
}

/** Does something for an experiment, whose title a `Failure` then names. */
function naming(title: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(error.exit, `${title}: ${error.message}`, { cause: error });
  }
}

/** Opens the weights that were trained elsewhere among those `of` trials, each once. */
async function openExternalWeights(
  trials: readonly QueuedTrial[],
  of: (experiment: Experiment) => readonly Teacher[],
  { data, status }: Settings,
): Promise<{ readonly network: Net; readonly file: WeightsFile }[]> {
  const roots = new Map<ExternalWeights, string>();
  for (const { experiment, root } of trials) {
    for (const one of of(experiment)) if (one.kind === "external") roots.set(one, root);
  }
  const files = [];
  for (const [weights, root] of roots) {
    const file = await openWeights(await resolveWeights(weights, root, data), status.line);
    files.push({ network: weights.network, file });
  }
  return files;
}

/** A text that tells a trial's data set, as declared, from others. */
function dataKey({ experiment: { dataset: { id, options } } }: QueuedTrial): string {
  return JSON.stringify([id, options]);
}
