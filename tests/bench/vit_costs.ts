import { formatTable } from "../../lib/values/markdown.ts";
import type { VitCase } from "./case.ts";
import { MODES, type TorchVitCase } from "./processes.ts";
import type { OurStepTime } from "./step.ts";

/** The times of our step of a transformer and of PyTorch's, as of the best of all rounds. */
export interface VitCost extends VitCase {
  readonly ours: OurStepTime;
  /** PyTorch's, op by op and compiled; none without PyTorch. */
  readonly eager?: OurStepTime;
  readonly compiled?: OurStepTime;
}

/**
 * Measures a transformer's step in new processes: ours, then PyTorch's op by op and compiled, and so
 * on by turns. Takes the best of all rounds of each. Without PyTorch, only ours.
 */
export async function vitCost(
  what: VitCase,
  rounds: number,
  ours: (what: VitCase) => Promise<OurStepTime>,
  torch: ((what: TorchVitCase) => Promise<OurStepTime>) | undefined,
): Promise<VitCost> {
  let best: VitCost | undefined;
  const better = (before: OurStepTime | undefined, time: OurStepTime) =>
    before && before.min_ms <= time.min_ms ? before : time;
  for (let round = 0; round < rounds; round++) {
    best = { ...what, ...best, ours: better(best?.ours, await ours(what)) };
    if (!torch) continue;
    for (const mode of MODES) {
      best = { ...best, [mode]: better(best[mode], await torch({ ...what, mode })) };
    }
  }
  return best!;
}

/**
 * Formats costs as a table. The ratio is ours to the faster one of PyTorch's. The last columns are
 * the seconds of our process until its first step is done, and of PyTorch's compilation.
 */
export function vitTable(costs: readonly VitCost[]): string {
  return formatTable(
    [
      "network",
      "precision",
      "ours ms",
      "eager ms",
      "compiled ms",
      "ratio",
      "ratio of medians",
      "first step s",
      "compile s",
    ],
    costs.map(({ vit, precision, ours, eager, compiled }) => {
      const ratio = (of: "min_ms" | "median_ms") =>
        eager && compiled ? (ours[of] / Math.min(eager[of], compiled[of])).toFixed(3) : "";
      const times = [ours, eager, compiled].map((time) => time?.min_ms.toFixed(1) ?? "");
      const seconds = [ours, compiled].map((time) => time ? (time.first_ms / 1000).toFixed(1) : "");
      return [vit, precision, ...times, ratio("min_ms"), ratio("median_ms"), ...seconds];
    }),
  );
}
