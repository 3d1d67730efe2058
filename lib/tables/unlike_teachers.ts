/**
 * Teachers that are not the same everywhere in a table. Somebody trained such a teacher again, so
 * some trials learned from other weights than the rest, or than those that the teacher's row
 * scores.
 *
 * @module
 */
import { dataKey } from "../experiment/data_name.ts";
import type { Teacher } from "../experiment/experiment.ts";
import { valueAt } from "../project/metric.ts";
import type { Outcome } from "../project/outcome.ts";
import { type TeacherRecord, teacherTitle } from "../project/result.ts";
import { formatMeasure, type Measure } from "../tasks/task.ts";
import { areSameTeacher } from "./teacher_source.ts";

/** A teacher in one trial. */
interface Lesson {
  readonly outcome: Outcome;
  /** The seed of the trial. */
  readonly seed: number;
  readonly teacher: Teacher;
  readonly record: TeacherRecord;
}

/**
 * The most by which the score of the same weights differs, in percentage points, or in percent of
 * another measure: another precision or processor computes it a little differently.
 */
const NOISE = 0.1;

/**
 * Finds the teachers that are not the same everywhere in these outcomes: their weights differ among
 * the trials, or their score does from that of their own trial. Returns a function that lists them
 * for one of the outcomes: a text for each, with the seeds that its weights taught.
 */
export function unlikeTeachers(
  outcomes: readonly Outcome[],
): (outcome: Outcome) => readonly string[] {
  const all = [...new Set(outcomes)].flatMap(lessonsOf);
  const teachers = [...new Set(all.map(({ teacher }) => teacher))];
  const groups = Map.groupBy(
    all,
    ({ teacher }) => teachers.find((other) => areSameTeacher(teacher, other)),
  );
  const unlike = [...groups.values()].flatMap((lessons) => {
    const own = ownScore(lessons[0].teacher, outcomes);
    return bySet(lessons).size > 1 || differs(lessons, own) ? [{ lessons, own }] : [];
  });
  return (outcome) =>
    unlike.flatMap(({ lessons, own }) => {
      const here = lessons.filter((lesson) => lesson.outcome === outcome);
      return here.length > 0 ? [inWords(here, own)] : [];
    });
}

function lessonsOf(outcome: Outcome): Lesson[] {
  const { experiment: { teachers }, measured } = outcome;
  return measured.flatMap(({ seed, teachers: records }) =>
    records.map((record, i) => ({ outcome, seed, teacher: teachers[i], record }))
  );
}

/** Groups lessons by the set of weights that taught. */
function bySet(lessons: readonly Lesson[]): ReadonlyMap<string, readonly Lesson[]> {
  return Map.groupBy(lessons, ({ record }) => record.sha256);
}

/** The score of a teacher in its own trial. `undefined` if none of the outcomes has it. */
function ownScore(teacher: Teacher, outcomes: readonly Outcome[]): number | undefined {
  if (teacher.kind !== "trained" || typeof teacher.epoch === "number" || teacher.average) {
    return undefined;
  }
  const { experiment, seed, epoch } = teacher;
  const trial = outcomes.find((outcome) => outcome.experiment === experiment)?.measured
    .find((one) => one.seed === seed);
  return trial && valueAt(trial.metric, experiment.dataset.task.primary, epoch);
}

/** Whether one of the recorded scores on the teacher's data set is not its `own`. */
function differs(lessons: readonly Lesson[], own: number | undefined): boolean {
  return own !== undefined && lessons.filter(isAtHome).some((lesson) => {
    const [{ isPercentage }, score] = scoreOf(lesson);
    const noise = isPercentage ? NOISE : NOISE / 100 * Math.abs(own);
    return score !== undefined && Math.abs(score - own) > noise;
  });
}

/** Whether a teacher taught on the data set that it learned: on another one its score is another. */
function isAtHome({ teacher, outcome }: Lesson): boolean {
  return teacher.kind === "trained" &&
    dataKey(teacher.experiment) === dataKey(outcome.experiment);
}

/** The teacher of these lessons, and the score of its own trial if that is another one. */
function inWords(lessons: readonly Lesson[], own: number | undefined): string {
  const sets = Array.from(bySet(lessons), ([sha256, taught]) => {
    const seeds = taught.map(({ seed }) => seed);
    const [measure, score] = scoreOf(taught[0]);
    const known = score === undefined ? "" : ` (${scoreText(measure, score)})`;
    const noun = seeds.length > 1 ? "seeds" : "seed";
    return `${sha256.slice(0, 8)}${known} taught ${noun} ${seeds.join(", ")}`;
  });
  const [first] = lessons;
  const [measure] = scoreOf(first);
  const trial = own !== undefined && differs(lessons, own)
    ? [`its own trial has ${scoreText(measure, own)}`]
    : [];
  const parts = [...sets, ...trial].join("; ");
  return `The teacher ${teacherTitle(first.record)} is not the same everywhere: ${parts}.`;
}

/** The primary measure of a teacher, and its recorded value. */
function scoreOf({ outcome, record: { score } }: Lesson): [Measure, number | undefined] {
  const { measures, primary } = outcome.experiment.dataset.task;
  return [measures[primary], score[primary]];
}

function scoreText(measure: Measure, score: number): string {
  return `${measure.title} ${formatMeasure(measure, score)}`;
}
