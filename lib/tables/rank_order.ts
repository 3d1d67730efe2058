import { experimentsThatTeach } from "../experiment/experiment.ts";
import { valuesOf } from "../project/outcome.ts";
import type { Measure } from "../tasks/task.ts";
import { formatFixed, round } from "../values/numbers.ts";
import { kendallTau, summary } from "../values/statistics.ts";
import type { LabelledOutcome } from "./own_rows.ts";
import type { PrintedColumn } from "./printed_column.ts";

/** How the order of our rows agrees with the order that a paper printed. */
export interface RankOrder {
  /** The heading of the paper's column. */
  readonly title: string;
  /** The rows that have both numbers, from the paper's best to its worst. */
  readonly rows: readonly string[];
  /** Kendall's τ over them: 1 for the same order, −1 for the reverse. */
  readonly tau: number;
  /** The pairs of rows that the paper has in this order, and we in the other. */
  readonly reversed: readonly (readonly [better: string, worse: string])[];
  /** The epoch of our numbers. */
  readonly epoch: "last" | "best";
  /** The smallest number of seeds of these rows. */
  readonly seeds: number;
}

/**
 * Compares the order of our rows with a paper's, by numbers as tables print them. Rows that teach
 * others are left out. `undefined` if fewer than two rows have both numbers.
 */
export function rankOrder(
  labelled: readonly LabelledOutcome[],
  { title, metric, epoch, values }: PrintedColumn,
): RankOrder | undefined {
  const teachers = experimentsThatTeach(labelled.map(([, outcome]) => outcome));
  const rows = labelled.flatMap(([label, outcome]) => {
    const measure: Measure | undefined = outcome.experiment.dataset.task.measures[metric];
    const own = summary(valuesOf(outcome, metric, epoch));
    const printed = values.get(label);
    if (!measure || !own || !printed || teachers.has(outcome.experiment)) return [];
    const { decimals, isLessBetter } = measure;
    const [ours, paper] = [own, printed].map(({ mean }) =>
      round(mean, decimals) * (isLessBetter ? -1 : 1)
    );
    return [{ label, ours, paper, seeds: own.n ?? 1 }];
  }).toSorted((a, b) => b.paper - a.paper);
  const tau = kendallTau(rows.map(({ ours, paper }) => [ours, paper]));
  if (tau === undefined) return undefined;
  const reversed = rows.flatMap((better, i) =>
    rows.slice(i + 1).filter((worse) => better.paper > worse.paper && better.ours < worse.ours)
      .map((worse) => [better.label, worse.label] as const)
  );
  return {
    ...{ title, tau, reversed, epoch },
    rows: rows.map(({ label }) => label),
    seeds: Math.min(...rows.map(({ seeds }) => seeds)),
  };
}

/** A rank order in words. */
export function rankOrderText({ title, rows, tau, reversed, epoch, seeds }: RankOrder): string {
  const others = reversed.map(([better, worse]) => `${better} over ${worse}`).join(", ");
  return [
    `${title}: Kendall's τ ${
      formatFixed(tau)
    } over ${rows.length} rows, ours after the ${epoch} epoch.`,
    `The paper's order: ${rows.join(", ")}.`,
    others === "" ? "Ours reverses no pair." : `Ours reverses ${others}.`,
    seeds > 1 ? `At least ${seeds} seeds a row.` : "With one seed this decides nothing.",
  ].join(" ");
}
