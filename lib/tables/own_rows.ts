import { dataKey } from "../experiment/data_name.ts";
import { experimentsThatTeach, networkOf } from "../experiment/experiment.ts";
import { type Outcome, valuesOf } from "../project/outcome.ts";
import type { Measure, Task } from "../tasks/task.ts";
import { round } from "../values/numbers.ts";
import { summary } from "../values/statistics.ts";
import { describePart } from "../values/words.ts";
import { markBest, type PrintedNumber, printSummary } from "./printed.ts";
import type { PrintedColumn } from "./printed_column.ts";
import type { TeacherNames } from "./teacher_names.ts";
import { areSameTeacher } from "./teacher_source.ts";

/** A column of a table of our own: a measure at an epoch. */
export interface OwnColumn {
  readonly title: string;
  /** The key of the measure in the task. */
  readonly metric: string;
  readonly measure: Measure;
  /** The epoch whose value is shown. */
  readonly epoch: "last" | "best";
}

/** A row of a table of our own: an experiment. */
export interface OwnRow {
  readonly label: string;
  /** The names of the teachers, each distinct. */
  readonly teachers: readonly string[];
  /** The id of the student network. */
  readonly student: string;
  /** The measurement of each column. Only the first one's text includes n. */
  readonly cells: readonly (PrintedNumber | undefined)[];
  /** The number of each paper. */
  readonly papers: readonly (PrintedNumber | undefined)[];
  readonly outcome: Outcome;
}

/** The numbers of a table of our own, for every format. */
export interface OwnRows {
  readonly columns: readonly OwnColumn[];
  readonly rows: readonly OwnRow[];
}

/**
 * The rows of a table of our own: the networks of each experiment, and the mean ± std over its
 * trials of each measure of the first experiment's task. A teacher that `names` lacks gets its
 * network's id. `printed` are papers' numbers for these rows.
 */
export function ownRows(
  labelled: readonly LabelledOutcome[],
  names: TeacherNames = new Map(),
  printed: readonly PrintedColumn[] = [],
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
    papers: printed.map(({ metric, values }) => {
      const measure: Measure | undefined = outcome.experiment.dataset.task.measures[metric];
      return measure && printSummary(values.get(label), measure.decimals);
    }),
    outcome,
  }));
  return { columns, rows };
}

/** The column of a task's primary measure, and those of other values that some experiment has. */
function columnsOf({ measures: all, primary }: Task, outcomes: readonly Outcome[]): OwnColumn[] {
  const has = (metric: string, epoch: "last" | "best") =>
    outcomes.some((outcome) => valuesOf(outcome, metric, epoch).length > 0);
  const measure = all[primary];
  const others = Object.entries(all).filter(([metric]) => metric !== primary);
  const further: OwnColumn[] = [
    { title: `${measure.title}, best`, metric: primary, measure, epoch: "best" },
    ...others.map(([metric, measure]): OwnColumn => {
      // A measure that has no best epoch needs no ", last" in its title.
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

/**
 * A column's cells, with the best of each student on each data set marked. Experiments that teach
 * others of these are not compared. A distance from teachers is compared only with distances from
 * the same teachers.
 */
function columnCells(
  column: OwnColumn,
  outcomes: readonly Outcome[],
  counted: boolean,
): (PrintedNumber | undefined)[] {
  const { metric, measure: { decimals, isLessBetter, isToTeacher }, epoch } = column;
  const teachers = experimentsThatTeach(outcomes);
  const cells = outcomes.map((one) =>
    printSummary(summary(valuesOf(one, metric, epoch)), decimals, counted)
  );
  const isRival = ({ experiment: a }: Outcome, { experiment: b }: Outcome) =>
    ![a, b].some((one) => teachers.has(one)) &&
    describePart(a.student) === describePart(b.student) &&
    dataKey(a) === dataKey(b) &&
    (!isToTeacher ||
      a.teachers.every((teacher, i) =>
        i < b.teachers.length && areSameTeacher(teacher, b.teachers[i])
      ));
  return cells.map((cell, i) => {
    const rivals = cells.map((other, j) =>
      other && isRival(outcomes[i], outcomes[j]) ? round(other.mean, decimals) : undefined
    );
    return cell && { ...cell, best: markBest(rivals, isLessBetter)[i] };
  });
}

/** A row's name and the outcome of one of its experiments. */
export type LabelledOutcome = readonly [label: string, outcome: Outcome];
