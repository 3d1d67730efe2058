import { grid } from "../../lib/markdown.ts";
import type { OurStepTime, StepTime } from "./step.ts";

/** A pair and what it is computed in. */
export interface Case {
  /** Teacher and student, e.g. `vgg13-vgg8`. */
  readonly pair: string;
  /** What convolutions and products are done in. */
  readonly precision: string;
}

/** How long a step takes, ours and PyTorch's. */
export interface Comparison extends Case {
  /** Our fastest step in milliseconds. */
  readonly ms: number;
  /** PyTorch's fastest step in milliseconds; null where there is no PyTorch. */
  readonly torch_ms: number | null;
  /** Ours divided by PyTorch's. */
  readonly ratio: number | null;
}

/** A comparison, and how soon our first step is done. */
export interface Timed extends Comparison {
  /** Seconds from the start of the process to the end of the first step, in the best round. */
  readonly first: number;
}

/** Measures a case in fresh processes, ours and PyTorch's by turns, and takes the best of all rounds of each. */
export async function compare(
  { pair, precision }: Case,
  rounds: number,
  ours: (what: Case) => Promise<OurStepTime>,
  torch: ((what: Case) => Promise<StepTime>) | undefined,
): Promise<Timed> {
  const own: OurStepTime[] = [], theirs: StepTime[] = [];
  for (let round = 0; round < rounds; round++) {
    own.push(await ours({ pair, precision }));
    if (torch) theirs.push(await torch({ pair, precision }));
  }
  const least = (times: readonly number[]) => Math.min(...times);
  const ms = least(own.map(({ min_ms }) => min_ms));
  const torch_ms = torch ? least(theirs.map(({ min_ms }) => min_ms)) : null;
  const ratio = torch_ms === null ? null : +(ms / torch_ms).toFixed(3);
  return { pair, precision, ms, torch_ms, ratio, first: least(own.map(({ first_ms }) => first_ms)) / 1000 };
}

/** The comparisons alone, as `--json` prints them. */
export function comparisons(timed: readonly Timed[]): Comparison[] {
  return timed.map(({ pair, precision, ms, torch_ms, ratio }) => ({ pair, precision, ms, torch_ms, ratio }));
}

/** The comparisons as a table. */
export function comparisonTable(timed: readonly Timed[]): string {
  return grid(
    ["pair", "precision", "ours ms", "PyTorch ms", "ratio", "first step s"],
    timed.map(({ pair, precision, ms, torch_ms, ratio, first }) => [
      pair,
      precision,
      ms.toFixed(1),
      torch_ms?.toFixed(1) ?? "",
      ratio?.toFixed(3) ?? "",
      first.toFixed(1),
    ]),
  );
}
