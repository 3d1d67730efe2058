import { best } from "./best.ts";
import { type Experiment, networkOf, type Teacher } from "./experiment.ts";
import { measures, type Outcome } from "./outcome.ts";
import { type Printed, printed } from "./printed.ts";
import { rounded, summary } from "./summary.ts";
import type { Labelled } from "./table_settings.ts";
import { sourceOf, type TeacherNames } from "./teacher_names.ts";

/** What a column of a table of our own shows. */
export interface OwnColumn {
  /** What stands above it. */
  readonly title: string;
  /** What is measured. */
  readonly metric: string;
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

/** The first column, which also says n. */
const MAIN: OwnColumn = { title: "top-1, last (n)", metric: "top1", epoch: "last" };

/** The columns that are there where some row has them. */
const FURTHER: readonly OwnColumn[] = [
  { title: "top-1, best", metric: "top1", epoch: "best" },
  { title: "top-5, last", metric: "top5", epoch: "last" },
  { title: "KL to teacher", metric: "kl", epoch: "last" },
];

/**
 * What a table of our own shows: of each experiment its networks, and the mean ± std over its trials of each measure.
 * Teachers without a name go by their network's.
 */
export function ownRows(labelled: readonly Labelled[], names: TeacherNames = new Map()): OwnRows {
  const outcomes = labelled.map(([, outcome]) => outcome);
  const has = ({ metric, epoch }: OwnColumn) => outcomes.some((one) => measures(one, metric, epoch).length > 0);
  const columns = [MAIN, ...FURTHER.filter(has)], cells = columns.map((column) => columnCells(column, outcomes));
  const rows = labelled.map(([label, outcome], i): OwnRow => ({
    label,
    teachers: outcome.experiment.teachers.map((teacher) => names.get(teacher) ?? networkOf(teacher).id),
    student: outcome.experiment.student.id,
    cells: cells.map((column) => column[i]),
    outcome,
  }));
  return { columns, rows };
}

/** The experiments that teach one of these: they are not compared with what they teach. */
export function teaching(outcomes: readonly Outcome[]): ReadonlySet<Experiment> {
  const teachers = outcomes.flatMap(({ experiment }) => experiment.teachers);
  return new Set(teachers.flatMap((teacher) => "experiment" in teacher ? [teacher.experiment] : []));
}

/** A column's cells, the best of each student's marked; a distance from teachers is compared with others from the same ones. */
function columnCells(column: OwnColumn, outcomes: readonly Outcome[]): (Printed | undefined)[] {
  const { metric, epoch } = column, taught = teaching(outcomes);
  const cells = outcomes.map((one) => printed(summary(measures(one, metric, epoch)), column === MAIN));
  const isRival = ({ experiment: a }: Outcome, { experiment: b }: Outcome) =>
    ![a, b].some((one) => taught.has(one)) && a.student.id === b.student.id &&
    (metric !== "kl" || a.teachers.every((teacher, i) => isSame(teacher, b.teachers[i])));
  return cells.map((cell, i) => {
    const rivals = cells.map((other, j) =>
      other && isRival(outcomes[i], outcomes[j]) ? rounded(other.mean) : undefined
    );
    return cell && { ...cell, best: best(rivals, metric)[i] };
  });
}

/** Whether two teachers have the same weights. */
function isSame(a: Teacher, b: Teacher | undefined): boolean {
  if (!b || sourceOf(a) !== sourceOf(b)) return false;
  return !("experiment" in a && "experiment" in b) || a.seed === b.seed && a.epoch === b.epoch;
}
