import { type Outcome, valuesOf } from "../project/outcome.ts";
import { classification } from "../tasks/classification.ts";
import type { Measure } from "../tasks/task.ts";
import { round } from "../values/numbers.ts";
import { summary } from "../values/statistics.ts";
import type { PaperRow, PaperTable } from "./paper.ts";
import {
  markBest,
  printDifference,
  type PrintedNumber,
  printSummary,
  subtractPrinted,
} from "./printed.ts";

/** The numbers of a cell of a paper's table. */
export interface Cell {
  /** Our number at the epoch of the paper's number. */
  readonly ours?: PrintedNumber;
  /** Our number at the other epoch. */
  readonly other?: PrintedNumber;
  /** The paper's number. */
  readonly paper?: PrintedNumber;
  /** The numbers of the authors' released logs, by epoch. */
  readonly logs?: readonly (readonly [epoch: "last" | "best", logged: PrintedNumber])[];
  /** The outcome that our numbers summarise. */
  readonly outcome?: Outcome;
}

/**
 * The epoch at which a table's numbers are compared, and the other one. The first is `last` if the
 * paper does not say.
 */
export function comparedEpochs(
  { selection }: PaperTable,
): readonly ["last", "best"] | readonly ["best", "last"] {
  return selection === "best" ? ["best", "last"] : ["last", "best"];
}

/** The cells of a table's column from top to bottom. `at` finds the outcome of a row. */
export function paperColumn(
  table: PaperTable,
  index: number,
  at: (row: PaperRow) => Outcome | undefined,
): Cell[] {
  const { rows } = table;
  const rule = ruleOf(table, index, at);
  const { decimals } = rule;
  const measured = rows.map((row) =>
    row.delta ? {} : measuredCell(row, index, table, at(row), rule)
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
  return markBestCells(cells, rows.map(isMethod), rule);
}

/** The rule of a column: how its numbers are found, printed and compared. */
interface Rule extends Pick<Measure, "decimals" | "isLessBetter"> {
  /** The numbers of an outcome's trials after an epoch. */
  readonly of: (outcome: Outcome, epoch: "last" | "best") => number[];
}

function ruleOf(
  { rows, columns }: PaperTable,
  index: number,
  at: (row: PaperRow) => Outcome | undefined,
): Rule {
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
  // Without an experiment there is no data set, and so no task.
  const task = filled?.experiment.dataset.task ?? classification;
  const { decimals = 2, isLessBetter }: Partial<Measure> = task.measures[metric] ?? {};
  return { decimals, isLessBetter, of: (outcome, epoch) => valuesOf(outcome, metric, epoch) };
}

function measuredCell(
  { values, logs }: PaperRow,
  index: number,
  table: PaperTable,
  outcome: Outcome | undefined,
  { decimals, of }: Rule,
): Cell {
  const paper = printSummary(values[index] ?? undefined, decimals);
  const released = logs &&
    comparedEpochs(table).flatMap((epoch): [typeof epoch, PrintedNumber][] => {
      const logged = printSummary(logs[epoch]?.[index] ?? undefined, decimals);
      return logged ? [[epoch, logged]] : [];
    });
  if (!outcome) return { paper, logs: released };
  const [ours, other] = comparedEpochs(table).map((epoch) => summary(of(outcome, epoch)));
  return {
    ours: printSummary(ours, decimals),
    other: printSummary(other, decimals, false),
    paper,
    logs: released,
    outcome,
  };
}

/**
 * The time of a training step of each trial that recorded it, as a multiple of the mean time of
 * `base`. Empty at the best epoch: times have none.
 */
function timeRatios(outcome: Outcome, base: Outcome | undefined, epoch: "last" | "best"): number[] {
  const times = (of: Outcome | undefined) =>
    of?.measured.flatMap(({ stepSeconds }) => stepSeconds ?? []) ?? [];
  const unit = summary(times(base))?.mean;
  return unit !== undefined && epoch === "last" ? times(outcome).map((time) => time / unit) : [];
}

/** Whether a row is a method, and so compared with others. */
function isMethod({ method, delta }: PaperRow): boolean {
  return !delta && method !== "teacher" && method !== "student";
}

/**
 * Marks the best of our numbers and the best of the paper's, among the cells that are `compared`.
 */
function markBestCells(cells: readonly Cell[], compared: readonly boolean[], rule: Rule): Cell[] {
  const { decimals, isLessBetter } = rule;
  const marks = (key: "ours" | "paper") =>
    markBest(
      cells.map(({ [key]: printed }, i) =>
        compared[i] && printed ? round(printed.mean, decimals) : undefined
      ),
      isLessBetter,
    );
  const ours = marks("ours");
  const paper = marks("paper");
  const mark = (printed: PrintedNumber | undefined, best: boolean) =>
    printed && { ...printed, best };
  return cells.map((cell, i) => ({
    ...cell,
    ours: mark(cell.ours, ours[i]),
    paper: mark(cell.paper, paper[i]),
  }));
}

/** The remark that the paper does not say its epoch; `undefined` if it does. */
export function openQuestion({ selection }: PaperTable): string | undefined {
  if (selection !== null) return undefined;
  return "The paper does not say whether it took the last or the best epoch; the difference is to our last.";
}

/** The remarks below a table: the runs that its numbers summarise, and its notes. */
export function remarks({ aggregate, notes }: PaperTable): string[] {
  const runs = aggregate === null
    ? "The paper does not say how many runs its numbers are of."
    : `The paper's numbers: ${aggregate}.`;
  return [runs, ...notes];
}
