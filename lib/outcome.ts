import { relative } from "node:path";
import type { Experiment } from "./experiment.ts";
import type { Footnotes } from "./footnotes.ts";
import { identify, root } from "./identify.ts";
import { declarationHash, readResult, resultPath, stateOf, type Trial } from "./result.ts";

/** What came of an experiment so far. */
export interface Outcome {
  /** The experiment. */
  readonly experiment: Experiment;
  /** The path of its module, from the folder of the table. */
  readonly path: string;
  /** The trials that count. */
  readonly measured: readonly Trial[];
  /** How many trials are of an older declaration. */
  readonly stale: number;
  /** How many trials were cut short. */
  readonly quick: number;
}

/** What came of an experiment, from its result. Rejects with a `Failure` (exit 3) where that is malformed or another's. */
export async function outcome(experiment: Experiment, folder: string): Promise<Outcome> {
  const { id, module } = await identify(experiment), file = resultPath(root(experiment.url), id);
  const [hash, result] = await Promise.all([declarationHash(experiment), readResult(file, id)]);
  return { experiment, path: relative(folder, module), ...sorted(result?.trials ?? [], hash) };
}

/** The trials that count for a declaration's hash, and how many do not. */
export function sorted(trials: readonly Trial[], hash: string): Pick<Outcome, "measured" | "stale" | "quick"> {
  const { measured = [], stale = [], quick = [] } = Object.groupBy(trials, (trial) => stateOf(trial, hash));
  return { measured, stale: stale.length, quick: quick.length };
}

/** A measure of the trials that count: `top1` and `top5` in percent, `kl` (after the last epoch only); others were not recorded. */
export function measures({ measured }: Outcome, metric: string, epoch: "last" | "best"): number[] {
  const one = ({ metric: { top1, top5, kl } }: Trial) =>
    metric === "top1"
      ? top1[epoch]
      : metric === "top5"
      ? top5[epoch]
      : metric === "kl" && epoch === "last"
      ? kl
      : undefined;
  return measured.map(one).filter((value) => value !== undefined);
}

/** The mark of the footnote that counts what is not shown; empty where everything is. */
export function unshown({ stale, quick }: Outcome, notes: Footnotes): string {
  const parts = [
    stale > 0 ? `${stale} stale (the experiment has changed since)` : "",
    quick > 0 ? `${quick} quick (run with other epochs or fewer batches)` : "",
  ].filter((part) => part !== "");
  return parts.length > 0 ? notes.mark(`Not shown: ${parts.join(", ")}.`) : "";
}
