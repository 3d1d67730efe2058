import type { Dataset } from "../data/dataset.ts";
import type { Experiment, Trained } from "../experiment/experiment.ts";
import { identify } from "../project/identify.ts";
import { Failure } from "../values/failure.ts";
import { canonical } from "../values/json.ts";
import { describePart } from "../values/words.ts";
import { listFoundations, type QueuedTrial, type RequestedTrial } from "./queue.ts";
import type { Settings } from "./settings.ts";

/** A text that is the same for data sets that have the same files or images. */
export function imageSource({ id, options, source = options }: Experiment["dataset"]): string {
  return canonical([id, source]);
}

/**
 * Compares the data sets that trials declare with those of their teachers and first stages, before
 * anything is opened. Prints a line where they are other ones, or hold out other images. Rejects
 * with a `Failure` (exit 2) if a teacher was trained on images that are normalised in another way,
 * or if a teacher or first stage has learned from images that are held out.
 */
export async function checkDeclaredData(
  waiting: readonly QueuedTrial[],
  { status }: Pick<Settings, "status">,
): Promise<void> {
  const lines = new Set<string>();
  for (const trial of waiting) {
    for (const { role, trained } of listFoundations(trial.experiment)) {
      const { id } = await identify(trained.experiment);
      const title = `${trial.identity.id}: its ${role} ${id}`;
      if (role === "teacher") checkNormalisation(title, trial.experiment, trained);
      for (const line of compareImages(title, trial, trained)) lines.add(line);
    }
  }
  for (const line of lines) status.line(line);
}

/** Throws a `Failure` (exit 2) if a teacher would see images in another way than it has learned. */
function checkNormalisation(
  title: string,
  { dataset: { normalisation: own } }: Experiment,
  { experiment: { dataset: { normalisation: theirs } } }: Trained,
): void {
  const describe = ({ mean, std }: Dataset["normalisation"]) =>
    `mean [${mean.join(", ")}] and std [${std.join(", ")}]`;
  if (describe(own) === describe(theirs)) return;
  throw new Failure(
    2,
    `${title} was trained on images with ${describe(theirs)}, and would see them with ` +
      `${describe(own)}: give both data sets the same`,
  );
}

/** Compares the images of a trial with those of one that it builds on. Throws as promised above. */
function compareImages(
  title: string,
  { experiment: { dataset }, seed }: RequestedTrial,
  { experiment: { dataset: theirs }, seed: theirSeed }: Trained,
): string[] {
  if (imageSource(dataset) !== imageSource(theirs)) {
    const [other, own] = [theirs, dataset].map(({ id, options, source = options }) =>
      describePart({ id, options: source })
    );
    return [`${title} is trained on other images: ${other}, not ${own}`];
  }
  const { holdout, take } = dataset;
  if (holdout === 0) return [];
  if (take === theirs.take && theirs.holdout < holdout) {
    throw new Failure(
      2,
      `${title} learns from images that this experiment holds out to choose the best epoch ` +
        `(\`holdout\` is ${theirs.holdout} there, ${holdout} here): give both data sets the same`,
    );
  }
  if (take === theirs.take && theirSeed === seed) return [];
  return [
    `${title} seed ${theirSeed} holds out other images than seed ${seed} does here, so it learns ` +
    "from some of those that choose the best epoch",
  ];
}
