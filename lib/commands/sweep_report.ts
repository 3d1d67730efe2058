import { columns } from "../terminal/columns.ts";
import { Failure } from "../values/failure.ts";
import { primaryOf } from "../project/metric.ts";
import type { Trial } from "../project/result.ts";
import { fixed, spread, type Summary, summary } from "../values/statistics.ts";
import type { SweepPoint } from "../experiment/sweep.ts";
import type { Task } from "../tasks/task.ts";

/** What came of a point of a sweep. */
export interface Tried {
  /** The experiment's id. */
  readonly id: string;
  /** Where it is. */
  readonly point: SweepPoint;
  /** Its task. */
  readonly task: Task;
  /** Its trials. */
  readonly trials: readonly Trial[];
  /** Why they are not all there; absent where they are. */
  readonly problem?: string;
}

/** A point that can be compared, or not: then without a score. */
type Scored = Tried & { readonly heldOut?: Summary };

/**
 * The points of a sweep by what they reach on what is held out, after the last epoch, the best first: a table and what
 * the best reaches on the test set, or each as a line of JSON. Throws a `Failure`: of exit 4 where no point can be
 * compared, of exit 3 where a trial was recorded without what it reached.
 */
export function sweepReport(tried: readonly Tried[], json: boolean): string[] {
  const scored = tried.map(score).sort((a, b) => mean(b) - mean(a));
  const [best] = scored;
  if (!best?.heldOut) {
    throw new Failure(4, `no point of the sweep could be trained to its end: ${tried.map(({ id }) => id).join(", ")}`);
  }
  if (json) return scored.map(line);
  const settings = Object.keys(best.point);
  const { task } = best;
  const { title, decimals } = task.measures[task.primary];
  const rows = scored.map(({ point, heldOut }, i) => [
    ...settings.map((setting) => String(point[setting])),
    heldOut ? spread(heldOut, decimals) : "diverged",
    i === 0 ? "best" : "",
  ]);
  const test = summary(best.trials.map(({ metric }) => primaryOf(metric, task).last))!;
  const quick = best.trials.some(({ quick }) => quick) ? ", quick" : "";
  return [
    columns([[...settings, `hold-out ${title} (n)`, ""], ...rows], settings.length),
    "",
    `best: ${best.id}, hold-out ${fixed(best.heldOut.mean, decimals)}, test ${fixed(test.mean, decimals)}${quick}`,
  ];
}

/** What points are sorted by: those without a score come last. */
function mean({ heldOut }: Scored): number {
  return heldOut?.mean ?? -Number.MAX_VALUE;
}

function score(tried: Tried): Scored {
  if (tried.problem !== undefined) return tried;
  const reached = tried.trials.map(({ seed, metric: { heldOut } }) => {
    if (heldOut) return heldOut.last;
    const { id, task: { measures, primary } } = tried;
    const missing = `hold-out ${measures[primary].title}`;
    throw new Failure(3, `${id} seed ${seed} was recorded without its ${missing}: --fresh trains it again`);
  });
  return { ...tried, heldOut: summary(reached) };
}

function line({ id, point, trials, problem, heldOut }: Scored, place: number): string {
  return JSON.stringify({ experiment: id, point, heldOut, best: place === 0, problem, trials });
}
