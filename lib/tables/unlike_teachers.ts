/**
 * Teachers whose weights differ among the trials of a table. Somebody trained such a teacher again,
 * so that later trials learned from other weights under the same name.
 *
 * @module
 */
import type { Teacher } from "../experiment/experiment.ts";
import type { Outcome } from "../project/outcome.ts";
import type { TeacherRecord } from "../project/result.ts";
import { formatFixed } from "../values/numbers.ts";
import { areSameTeacher } from "./teacher_names.ts";

/** A teacher in one trial. */
interface Taught {
  readonly outcome: Outcome;
  /** The seed of the trial. */
  readonly seed: number;
  readonly teacher: Teacher;
  readonly record: TeacherRecord;
}

/**
 * Finds the teachers whose weights differ among the trials of these outcomes. Returns a function
 * that lists them for one of the outcomes: a text for each, with the seeds that its weights taught.
 */
export function unlikeTeachers(
  outcomes: readonly Outcome[],
): (outcome: Outcome) => readonly string[] {
  const all = [...new Set(outcomes)].flatMap(taughtIn);
  const teachers = [...new Set(all.map(({ teacher }) => teacher))];
  const groups = Map.groupBy(
    all,
    ({ teacher }) => teachers.find((other) => areSameTeacher(teacher, other)),
  );
  const unlike = [...groups.values()].filter((taught) => bySet(taught).size > 1);
  return (outcome) =>
    unlike.map((taught) => taught.filter((one) => one.outcome === outcome))
      .filter(({ length }) => length > 0).map(inWords);
}

function taughtIn(outcome: Outcome): Taught[] {
  const { experiment: { teachers }, measured } = outcome;
  return measured.flatMap(({ seed, teachers: records }) =>
    records.map((record, i) => ({ outcome, seed, teacher: teachers[i], record }))
  );
}

/** Groups trials by the set of weights that taught them. */
function bySet(taught: readonly Taught[]): ReadonlyMap<string, readonly Taught[]> {
  return Map.groupBy(taught, ({ record }) => record.sha256);
}

function inWords(taught: readonly Taught[]): string {
  const [{ record: { id, seed } }] = taught;
  const name = seed === null ? id : `${id} seed ${seed}`;
  const sets = Array.from(bySet(taught), ([sha256, trials]) => {
    const seeds = trials.map(({ seed }) => seed);
    return `${sha256.slice(0, 8)}${scoreText(trials[0])} taught ${
      seeds.length > 1 ? "seeds" : "seed"
    } ${seeds.join(", ")}`;
  });
  return `The weights of ${name} were not always the same: ${sets.join("; ")}.`;
}

/** The score of a teacher in brackets; empty if its record lacks the primary measure. */
function scoreText({ outcome, record: { score } }: Taught): string {
  const { measures, primary } = outcome.experiment.dataset.task;
  const { title, decimals } = measures[primary];
  const value = score[primary];
  return value === undefined ? "" : ` (${title} ${formatFixed(value, decimals)})`;
}
