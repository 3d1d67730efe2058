import { type Outcome, valuesOf } from "../project/outcome.ts";
import { classification } from "../tasks/classification.ts";
import type { Measure } from "../tasks/task.ts";
import { round } from "../values/numbers.ts";
import { summary } from "../values/statistics.ts";
import type { PaperRow, PaperTable } from "./paper.ts";
import {
  markBest,
  printDifference,
  type Printed,
  printSummary,
  subtractPrinted,
} from "./printed.ts";

/** What stands in a cell. */
export interface Cell {
  /** Ours at the epoch that the paper's number is of. */
  readonly ours?: Printed;
  /** Ours at the other epoch. */
  readonly other?: Printed;
  /** The paper's. */
  readonly paper?: Printed;
  /** What the authors' released logs say, by epoch. */
  readonly logs?: readonly (readonly [epoch: "last" | "best", logged: Printed])[];
  /** What ours came from. */
  readonly outcome?: Outcome;
}

/**
 * The epoch that a table's numbers are compared at, our last where the paper does not say, and the
 * other one.
 */
export function epochs(
  { selection }: PaperTable,
): readonly ["last", "best"] | readonly ["best", "last"] {
  return selection === "best" ? ["best", "last"] : ["last", "best"];
}

/** The cells of a table's column from top to bottom; `at` is what came of a row's experiment. */
export function paperColumn(
  table: PaperTable,
  index: number,
  at: (row: PaperRow) => Outcome | undefined,
): Cell[] {
  const { rows } = table;
  const shown = shownIn(table, index, at);
  const { decimals } = shown;
  const measured = rows.map((row) =>
    row.delta ? {} : measuredCell(row, index, table, at(row), shown)
  );
  const cells = rows.map(({ delta, values }, i): Cell => {
    if (!delta) return measured[i];
    const [of, over] = [delta.of, delta.over].map((method) =>
      measured[rows.findIndex((row) => row.method === method)]
    );
    const value = values[index];
    const paper = value === null ? undefined : printDifference(value.mean, decimals);
    return {
      ours: subtractPrinted(of.ours, over.ours),
      other: subtractPrinted(of.other, over.other),
      paper,
    };
  });
  return withBest(cells, rows.map(isMethod), shown);
}

/** What a column shows, and how. */
interface Shown extends Pick<Measure, "decimals" | "isLessBetter"> {
  /** Its numbers of an experiment after an epoch. */
  readonly of: (outcome: Outcome, epoch: "last" | "best") => number[];
}

function shownIn(
  { rows, columns }: PaperTable,
  index: number,
  at: (row: PaperRow) => Outcome | undefined,
): Shown {
  const { metric } = columns[index];
  if (metric === "time_ratio") {
    const kd = rows.find(({ method }) => method === "kd");
    const base = kd && at(kd);
    return {
      decimals: 2,
      isLessBetter: true,
      of: (outcome, epoch) => timeRatios(outcome, base, epoch),
    };
  }
  const filled = rows.map(at).find((outcome) => outcome !== undefined);
  // A column that no experiment fills yet has no data set to say its task.
  const task = filled?.experiment.dataset.task ?? classification;
  const { decimals = 2, isLessBetter }: Partial<Measure> = task.measures[metric] ?? {};
  return { decimals, isLessBetter, of: (outcome, epoch) => valuesOf(outcome, metric, epoch) };
}

function measuredCell(
  { values, logs }: PaperRow,
  index: number,
  table: PaperTable,
  outcome: Outcome | undefined,
  { decimals, of }: Shown,
): Cell {
  const paper = printSummary(values[index] ?? undefined, decimals);
  const released = logs && epochs(table).flatMap((epoch): [typeof epoch, Printed][] => {
    const logged = printSummary(logs[epoch]?.[index] ?? undefined, decimals);
    return logged ? [[epoch, logged]] : [];
  });
  if (!outcome) return { paper, logs: released };
  const [ours, other] = epochs(table).map((epoch) => summary(of(outcome, epoch)));
  return {
    ours: printSummary(ours, decimals),
    other: printSummary(other, decimals, false),
    paper,
    logs: released,
    outcome,
  };
}

/**
 * How long a training step of each trial took, where that was recorded, as a multiple of the mean
 * of another experiment's. It has no best epoch.
 */
function timeRatios(outcome: Outcome, base: Outcome | undefined, epoch: "last" | "best"): number[] {
  const times = (of: Outcome | undefined) =>
    of?.measured.flatMap(({ stepSeconds }) => stepSeconds ?? []) ?? [];
  const unit = summary(times(base))?.mean;
  return unit !== undefined && epoch === "last" ? times(outcome).map((time) => time / unit) : [];
}

/** Whether a row is a method, which others are compared with. */
function isMethod({ method, delta }: PaperRow): boolean {
  return !delta && method !== "teacher" && method !== "student";
}

/**
 * The cells with the best of ours and the best of the paper's marked, among those that are
 * compared.
 */
function withBest(cells: readonly Cell[], compared: readonly boolean[], shown: Shown): Cell[] {
  const { decimals, isLessBetter } = shown;
  const marks = (key: "ours" | "paper") =>
    markBest(
      cells.map(({ [key]: printed }, i) =>
        compared[i] && printed ? round(printed.mean, decimals) : undefined
      ),
      isLessBetter,
    );
  const ours = marks("ours");
  const paper = marks("paper");
  const mark = (printed: Printed | undefined, best: boolean) => printed && { ...printed, best };
  return cells.map((cell, i) => ({
    ...cell,
    ours: mark(cell.ours, ours[i]),
    paper: mark(cell.paper, paper[i]),
  }));
}

/** What the paper leaves open of a table's epoch; `undefined` where it says it. */
export function openQuestion({ selection }: PaperTable): string | undefined {
  if (selection !== null) return undefined;
  return "The paper does not say whether it took the last or the best epoch; the difference is to our last.";
}

/** What stands below a table: which runs its numbers are over, and its notes. */
export function remarks({ aggregate, notes }: PaperTable): string[] {
  const runs = aggregate === null
    ? "The paper does not say how many runs its numbers are of."
    : `The paper's numbers: ${aggregate}.`;
  return [runs, ...notes];
}
