/**
 * Teachers that are not the same everywhere in a table. Somebody trained such a teacher again, so
 * that trials learned from other weights of the same name, or from others than its row is of.
 *
 * @module
 */
import type { Teacher } from "../experiment/experiment.ts";
import { valueAt } from "../project/metric.ts";
import type { Outcome } from "../project/outcome.ts";
import type { TeacherRecord } from "../project/result.ts";
import type { Measure } from "../tasks/task.ts";
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
  const all = [...new Set(outcomes)].flatMap(taughtIn);
  const teachers = [...new Set(all.map(({ teacher }) => teacher))];
  const groups = Map.groupBy(
    all,
    ({ teacher }) => teachers.find((other) => areSameTeacher(teacher, other)),
  );
  const unlike = [...groups.values()].map((taught) => ({
    taught,
    own: ownScore(taught[0].teacher, outcomes),
  })).filter(({ taught, own }) => bySet(taught).size > 1 || differs(taught, own));
  return (outcome) =>
    unlike.map(({ taught, own }) => ({
      own,
      taught: taught.filter((one) => one.outcome === outcome),
    })).filter(({ taught: { length } }) => length > 0)
      .map(({ taught, own }) => inWords(taught, differs(taught, own) ? own : undefined));
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

/** Whether one of the recorded scores is not a teacher's `own`. */
function differs(taught: readonly Taught[], own: number | undefined): boolean {
  return own !== undefined && taught.some((one) => {
    const [{ isPercentage }, score] = scoreOf(one);
    const noise = isPercentage ? NOISE : NOISE / 100 * Math.abs(own);
    return score !== undefined && Math.abs(score - own) > noise;
  });
}

function inWords(taught: readonly Taught[], own: number | undefined): string {
  const [first] = taught;
  const { id, seed } = first.record;
  const name = seed === null ? id : `${id} seed ${seed}`;
  const sets = Array.from(bySet(taught), ([sha256, trials]) => {
    const seeds = trials.map(({ seed }) => seed);
    const [measure, score] = scoreOf(trials[0]);
    const known = score === undefined ? "" : ` (${scoreText(measure, score)})`;
    return `${sha256.slice(0, 8)}${known} taught ${seeds.length > 1 ? "seeds" : "seed"} ${
      seeds.join(", ")
    }`;
  });
  const [measure] = scoreOf(first);
  const record = own === undefined ? [] : [`its own trial has ${scoreText(measure, own)}`];
  return `The teacher ${name} is not the same everywhere: ${[...sets, ...record].join("; ")}.`;
}

/** The primary measure of a teacher, and its recorded value. */
function scoreOf({ outcome, record: { score } }: Taught): [Measure, number | undefined] {
  const { measures, primary } = outcome.experiment.dataset.task;
  return [measures[primary], score[primary]];
}

function scoreText({ title, decimals }: Measure, score: number): string {
  return `${title} ${formatFixed(score, decimals)}`;
}
