/**
 * The weights that a begun run builds on: of its teachers and first stages. It goes on only with
 * those with which it began, since its record names one set.
 *
 * @module
 */
import { canonical } from "../values/json.ts";
import { previewStages } from "./first_stages.ts";
import { describeFresh, type QueuedTrial } from "./queue.ts";
import { sumsOf } from "./record.ts";
import { titleOf } from "./resolve.ts";
import type { RunProgress } from "./run_folder.ts";
import { foundationSettings } from "./settings.ts";
import { previewTeacher } from "./teachers.ts";

/** Whether a run began with other weights than these. A run that has made no step has not. */
export function hasOtherWeights(
  { step, weights }: Pick<RunProgress, "step" | "weights">,
  sums: readonly (string | null)[],
): boolean {
  return step > 0 && weights !== undefined && canonical([...weights]) !== canonical([...sums]);
}

/** Says that a run began with other weights, and the way out. */
export function describeOtherWeights(trial: QueuedTrial): string {
  return `${titleOf(trial)}: its teachers or first stages have other weights than when it began; ` +
    describeFresh(trial);
}

/**
 * Says why a begun trial cannot go on: the weights of its teachers and first stages are all there,
 * and are others than those with which it began. `undefined` if it can.
 */
export async function findOtherWeights(trial: QueuedTrial): Promise<string | undefined> {
  const { experiment, folder, root, settings } = trial;
  const latest = await folder.latest();
  if (!latest) return undefined;
  const { step, origin, weights = origin?.weights } = latest.progress;
  if (!weights) return undefined;
  const foundation = foundationSettings(experiment, settings);
  const teachers = await Promise.all(
    experiment.teachers.map((teacher) => previewTeacher(teacher, root, foundation)),
  );
  const { files } = await previewStages(experiment, root, foundation);
  const sums = sumsOf([...teachers, ...files]);
  if (sums.includes(null) || !hasOtherWeights({ step, weights }, sums)) return undefined;
  return describeOtherWeights(trial);
}
