import { formatTable } from "../../lib/values/markdown.ts";
import { type CohortPair, MEMBERS } from "./cohort.ts";
import type { Case } from "./case.ts";
import { type Measure, timeOurs } from "./processes.ts";

/** The cost of a step of a cohort, and of its trials alone. */
export interface CohortCost {
  readonly cohort: CohortPair;
  /** Milliseconds of the fastest step of each trial alone. */
  readonly alone: readonly number[];
  /** Milliseconds of the fastest step of all trials together. */
  readonly together: number;
}

/**
 * Times the steps of cohorts, together and each trial alone, by turns in their own processes. The
 * best of all rounds counts.
 */
export async function cohortCosts(
  pairs: readonly CohortPair[],
  precision: string,
  rounds: number,
  how: Measure,
  report: (what: Case, ms: number) => void,
): Promise<CohortCost[]> {
  const time = async (what: Case) => {
    const { min_ms } = await timeOurs(what, how);
    report(what, min_ms);
    return min_ms;
  };
  const costs: CohortCost[] = [];
  for (const cohort of pairs) {
    let alone: readonly number[] = MEMBERS.map(() => Infinity);
    let together = Infinity;
    for (let round = 0; round < rounds; round++) {
      const times: number[] = [];
      for (const [i, member] of MEMBERS.entries()) {
        times.push(Math.min(alone[i], await time({ cohort, member, precision })));
      }
      alone = times;
      together = Math.min(together, await time({ cohort, precision }));
    }
    costs.push({ cohort, alone, together });
  }
  return costs;
}

/** Formats costs as a table, in milliseconds. */
export function cohortTable(costs: readonly CohortCost[]): string {
  return formatTable(
    ["cohort", ...MEMBERS.map((member) => `${member} alone`), "alone", "together", "ratio"],
    costs.map(({ cohort, alone, together }) => {
      const each = alone.reduce((a, b) => a + b, 0) / alone.length;
      const share = together / alone.length;
      return [
        cohort,
        ...[...alone, each, share].map((ms) => ms.toFixed(1)),
        (share / each).toFixed(3),
      ];
    }),
  );
}
