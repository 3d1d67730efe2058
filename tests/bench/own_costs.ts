import { formatTable } from "../../lib/values/markdown.ts";
import { MEASURED_BY, type OwnStep } from "./own_steps.ts";
import { type Measure, timeOurs } from "./processes.ts";

/** The cost of a step of one of the papers' own methods. */
export interface OwnCost {
  readonly step: OwnStep;
  /** The steps whose sum it is compared with. */
  readonly by: readonly OwnStep[];
  /** Milliseconds of the fastest step. */
  readonly ms: number;
  /** Sum of the milliseconds of the fastest steps in `by`. */
  readonly sum: number;
}

/** Times all steps in turn, each in its own processes. The best of all rounds counts. */
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

/** Formats costs as a table. */
export function ownTable(costs: readonly OwnCost[]): string {
  return formatTable(
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
