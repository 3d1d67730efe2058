import { type Experiment, networkOf, type Teacher } from "../experiment/experiment.ts";
import { type Outcome, valuesOf } from "../project/outcome.ts";
import type { Measure, Task } from "../tasks/task.ts";
import { round } from "../values/numbers.ts";
import { summary } from "../values/statistics.ts";
import { markBest, type Printed, printSummary } from "./printed.ts";
import { sourceOf, type TeacherNames } from "./teacher_names.ts";

/** What a column of a table of our own shows. */
export interface OwnColumn {
  /** What stands above it. */
  readonly title: string;
  /** What is measured, by its name in the task. */
  readonly metric: string;
  /** The same. */
  readonly measure: Measure;
  /** After which epoch. */
  readonly epoch: "last" | "best";
}

/** A row of a table of our own: an experiment. */
export interface OwnRow {
  /** What it is called. */
  readonly label: string;
  /** The networks that teach, told apart. */
  readonly teachers: readonly string[];
  /** The network that learns. */
  readonly student: string;
  /** What was measured, by column; the first says n. */
  readonly cells: readonly (Printed | undefined)[];
  /** What came of its experiment. */
  readonly outcome: Outcome;
}

/** A table of our own in numbers, whatever the format. */
export interface OwnRows {
  /** What its columns show. */
  readonly columns: readonly OwnColumn[];
  /** Its rows. */
  readonly rows: readonly OwnRow[];
}

/**
 * What a table of our own shows: of each experiment its networks, and the mean ± std over its
 * trials of each measure of the first one's task. Teachers without a name go by their network's.
 */
export function ownRows(
  labelled: readonly LabelledOutcome[],
  names: TeacherNames = new Map(),
): OwnRows {
  const outcomes = labelled.map(([, outcome]) => outcome);
  const columns = outcomes.length > 0
    ? columnsOf(outcomes[0].experiment.dataset.task, outcomes)
    : [];
  const cells = columns.map((column, i) => columnCells(column, outcomes, i === 0));
  const rows = labelled.map(([label, outcome], i): OwnRow => ({
    label,
    teachers: outcome.experiment.teachers.map((teacher) =>
      names.get(teacher) ?? networkOf(teacher).id
    ),
    student: outcome.experiment.student.id,
    cells: cells.map((column) => column[i]),
    outcome,
  }));
  return { columns, rows };
}

/** The column of a task's primary measure, and of what else some experiment has. */
function columnsOf({ measures: all, primary }: Task, outcomes: readonly Outcome[]): OwnColumn[] {
  const has = (metric: string, epoch: "last" | "best") =>
    outcomes.some((outcome) => valuesOf(outcome, metric, epoch).length > 0);
  const measure = all[primary];
  const others = Object.entries(all).filter(([metric]) => metric !== primary);
  const further: OwnColumn[] = [
    { title: `${measure.title}, best`, metric: primary, measure, epoch: "best" },
    ...others.map(([metric, measure]): OwnColumn => {
      // There is nothing to tell apart in what was measured after the last epoch alone.
      const title = has(metric, "best") ? `${measure.title}, last` : measure.title;
      return { title, metric, measure, epoch: "last" };
    }),
  ];
  const main: OwnColumn = {
    title: `${measure.title}, last (n)`,
    metric: primary,
    measure,
    epoch: "last",
  };
  return [main, ...further.filter(({ metric, epoch }) => has(metric, epoch))];
}

/** The experiments that teach one of these: they are not compared with what they teach. */
export function experimentsThatTeach(outcomes: readonly Outcome[]): ReadonlySet<Experiment> {
  const teachers = outcomes.flatMap(({ experiment }) => experiment.teachers);
  return new Set(
    teachers.flatMap((teacher) => teacher.kind === "trained" ? [teacher.experiment] : []),
  );
}

/**
 * A column's cells, the best of each student's marked; a distance from teachers is compared with
 * others from the same ones.
 */
function columnCells(
  column: OwnColumn,
  outcomes: readonly Outcome[],
  counted: boolean,
): (Printed | undefined)[] {
  const { metric, measure: { decimals, isLessBetter, isToTeacher }, epoch } = column;
  const taught = experimentsThatTeach(outcomes);
  const cells = outcomes.map((one) =>
    printSummary(summary(valuesOf(one, metric, epoch)), decimals, counted)
  );
  const isRival = ({ experiment: a }: Outcome, { experiment: b }: Outcome) =>
    ![a, b].some((one) => taught.has(one)) && a.student.id === b.student.id &&
    (!isToTeacher || a.teachers.every((teacher, i) => isSame(teacher, b.teachers[i])));
  return cells.map((cell, i) => {
    const rivals = cells.map((other, j) =>
      other && isRival(outcomes[i], outcomes[j]) ? round(other.mean, decimals) : undefined
    );
    return cell && { ...cell, best: markBest(rivals, isLessBetter)[i] };
  });
}

/** Whether two teachers have the same weights. */
function isSame(a: Teacher, b: Teacher | undefined): boolean {
  if (!b || sourceOf(a) !== sourceOf(b)) return false;
  return a.kind !== "trained" || b.kind !== "trained" || a.seed === b.seed && a.epoch === b.epoch;
}

/** A row's name and what came of one of its experiments. */
export type LabelledOutcome = readonly [label: string, outcome: Outcome];
