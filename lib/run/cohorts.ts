/**
 * Cohorts: the queued trials that train together, because they see the same images and learn from
 * the same teachers.
 *
 * @module
 */
import type { Teacher } from "../experiment/experiment.ts";
import { buildsOn, isSameTrial, type QueuedTrial } from "./queue.ts";
import { scheduleOf, type Settings } from "./settings.ts";

/**
 * Divides a queue into cohorts of at most `most` trials, in the order in which they train: each
 * after those that its trials build on.
 */
export function cohorts(waiting: readonly QueuedTrial[], most = Infinity): QueuedTrial[][] {
  const all: QueuedTrial[][] = [];
  for (let left = waiting; left.length > 0;) {
    const cohort = nextCohort(left, most);
    all.push(cohort);
    left = left.filter((trial) => !cohort.includes(trial));
  }
  return all;
}

/** The most trials that the settings let train together, before memory is measured. */
export function mostTogether({ cohort = "auto" }: Pick<Settings, "cohort">): number {
  return cohort === "auto" ? Infinity : cohort;
}

/**
 * The first cohort of a queue. Trials on which others build go before the rest, so that as many as
 * possible of the rest can train together.
 */
function nextCohort(waiting: readonly QueuedTrial[], most: number): QueuedTrial[] {
  const ready = waiting.filter((trial) => !waiting.some((other) => buildsOn(trial, other)));
  const isFoundation = (trial: QueuedTrial) => waiting.some((other) => buildsOn(other, trial));
  const first = ready.find(isFoundation) ?? ready[0];
  const cohort = [first];
  // One that joins may link others to it.
  for (let size = 0; size < cohort.length;) {
    size = cohort.length;
    const next = ready.filter((trial) => !cohort.includes(trial));
    for (const trial of next) if (joinsCohort(cohort, trial)) cohort.push(trial);
  }
  return cohort.slice(0, most);
}

/**
 * Whether a trial can train together with a cohort: it has the same seed, data set, batch, parts of
 * a batch and length, and a teacher in common. A trial without a teacher joins those with one.
 */
export function joinsCohort(cohort: readonly QueuedTrial[], trial: QueuedTrial): boolean {
  if (imagesKey(trial) !== imagesKey(cohort[0])) return false;
  if (hasTeacher(trial) !== cohort.some(hasTeacher)) return true;
  return cohort.some((member) => shareTeacher(member, trial));
}

const hasTeacher = ({ experiment: { teachers } }: QueuedTrial): boolean => teachers.length > 0;

/** A text that is the same for trials that see the same images in the same order. */
function imagesKey({ experiment, seed, settings }: QueuedTrial): string {
  const { dataset } = experiment;
  const { id, options, holdout, augmentation, views, normalisation, mix } = dataset;
  const { batch, epochs, iterations, accumulate } = scheduleOf(experiment, settings);
  // A data set that was spread into another one has the options of the first.
  const changed = [holdout, augmentation, views, normalisation, mix?.id, mix?.options];
  return JSON.stringify([id, options, changed, seed, batch, epochs, iterations, accumulate]);
}

function shareTeacher({ experiment: one }: QueuedTrial, { experiment: other }: QueuedTrial) {
  return one.teachers.some((a) => other.teachers.some((b) => isSameTeacher(a, b)));
}

/** Whether two teachers have the same weights. */
function isSameTeacher(a: Teacher, b: Teacher): boolean {
  if (a.kind === "external") return a === b;
  return b.kind === "trained" && isSameTrial(a, b) && a.epoch === b.epoch &&
    a.average === b.average;
}
