import { grid } from "../../lib/values/markdown.ts";
import { MEASURED_BY, type OwnStep } from "./own_steps.ts";
import { type Measure, timeOurs } from "./processes.ts";

/** What a step of one of the papers' own methods costs. */
export interface OwnCost {
  /** The step. */
  readonly step: OwnStep;
  /** The steps whose sum it is measured by. */
  readonly by: readonly OwnStep[];
  /** Milliseconds of the fastest step. */
  readonly ms: number;
  /** Milliseconds of the others' fastest steps, added. */
  readonly sum: number;
}

/** Times each step in processes of its own, all of them by turns; the best of all rounds counts. */
export async function ownCosts(
  precision: string,
  rounds: number,
  how: Measure,
): Promise<OwnCost[]> {
  const names = new Set(MEASURED_BY.flat());
  const best = new Map<OwnStep, number>();
  for (let round = 0; round < rounds; round++) {
    for (const own of names) {
      const { min_ms } = await timeOurs({ own, precision }, how);
      best.set(own, Math.min(min_ms, best.get(own) ?? Infinity));
    }
  }
  return MEASURED_BY.map(([step, ...by]) => ({
    step,
    by,
    ms: best.get(step)!,
    sum: by.reduce((sum, one) => sum + best.get(one)!, 0),
  }));
}

/** Costs as a table. */
export function ownTable(costs: readonly OwnCost[]): string {
  return grid(
    ["step", "ms", "beside", "ms", "ratio"],
    costs.map(({ step, ms, by, sum }) => {
      const counts = Array.from(
        Map.groupBy(by, (one) => one),
        ([one, { length }]) => length > 1 ? `${length} × ${one}` : one,
      );
      return [step, ms.toFixed(1), counts.join(" + "), sum.toFixed(1), (ms / sum).toFixed(3)];
    }),
  );
}
