import type { Experiment, Teacher } from "../experiment/experiment.ts";
import { describeSource } from "../experiment/weights.ts";

/**
 * The origin of a teacher's weights: its experiment, or the path or URL of a weights file, with what
 * is taken of it.
 */
export type TeacherSource = Experiment | string;

/** The origin of a teacher's weights. */
export function sourceOf(teacher: Teacher): TeacherSource {
  return teacher.kind === "trained" ? teacher.experiment : describeSource(teacher);
}

/** Whether two teachers are declared to have the same weights. */
export function areSameTeacher(a: Teacher, b: Teacher): boolean {
  if (sourceOf(a) !== sourceOf(b)) return false;
  if (a.kind !== "trained" || b.kind !== "trained") return true;
  return a.seed === b.seed && a.epoch === b.epoch && a.average === b.average;
}
