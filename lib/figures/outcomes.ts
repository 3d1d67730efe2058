import { type Outcome, readOutcome, valuesOf } from "../project/outcome.ts";
import { Failure } from "../values/failure.ts";
import { shellCommand } from "../values/shell.ts";
import { summary } from "../values/statistics.ts";
import type { FigureSettings, Shown } from "./figure.ts";
import { pickPresent } from "./pick_present.ts";

/** An experiment with its recorded trials. */
export interface Recorded extends Shown {
  readonly outcome: Outcome;
}

/**
 * Reads the trials of experiments. Leaves out those without any, and says so. Rejects with a
 * `Failure` (exit 3) that names the command if none has any.
 */
export async function readRecorded(
  shown: readonly Shown[],
  { status }: Pick<FigureSettings, "status">,
): Promise<Recorded[]> {
  const found = await Promise.all(shown.map(async (one): Promise<Recorded | Failure> => {
    const outcome = await readOutcome(one.experiment);
    if (outcome.measured.length > 0) return { ...one, outcome };
    const { id } = one.identity;
    const command = shellCommand(["deno", "task", "exp", id]);
    return new Failure(3, `${id} has no recorded trial; \`${command}\` trains one`);
  }));
  return pickPresent(found, status.line);
}

/** Mean ± standard deviation over the trials, after the last epoch. */
export interface Mean {
  readonly value: number;
  /** The ends of the bar of error: both are the mean if there is one trial. */
  readonly low: number;
  readonly high: number;
}

/** The layer of a chart of `Mean`s that draws their bars of error. */
export const ERROR_BARS = {
  mark: { type: "rule", color: "#333333" },
  encoding: { y: { field: "low", type: "quantitative" }, y2: { field: "high" } },
} as const;

/** The mean of a measure. `undefined` if it was not recorded. */
export function meanOfTrials({ outcome }: Recorded, measure: string): Mean | undefined {
  const found = summary(valuesOf(outcome, measure, "last"));
  if (!found) return undefined;
  const { mean, std = 0 } = found;
  return { value: mean, low: mean - std, high: mean + std };
}

/** The number of trials of each experiment, in words. */
export function trialsInWords(recorded: readonly Recorded[]): string {
  const counts = recorded.map(({ outcome }) => outcome.measured.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const trials = least === most ? `${most}` : `${least} to ${most}`;
  const error = most > 1 ? ", bars of error ± 1 standard deviation" : "";
  return `after the last epoch, ${trials} ${most === 1 ? "trial" : "trials"} each${error}`;
}
