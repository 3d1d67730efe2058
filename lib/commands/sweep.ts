/**
 * `deno task sweep <module>`: runs the experiments of a sweep and says which is the best on what
 * was held out.
 *
 * @module
 */
import type { Experiment } from "../experiment/experiment.ts";
import { pointsOf, type SweepPoint } from "../experiment/sweep.ts";
import type { Experiments } from "../experiment/tables.ts";
import { checkTypes } from "../project/check_types.ts";
import { identify, moduleOf } from "../project/identify.ts";
import { importModule } from "../project/import_module.ts";
import { primaryOf } from "../project/metric.ts";
import type { Trial } from "../project/result.ts";
import { resolveRun } from "../run/resolve.ts";
import { runTrials } from "../run/run.ts";
import type { Settings } from "../run/settings.ts";
import type { Task } from "../tasks/task.ts";
import { columns } from "../terminal/columns.ts";
import { runCommand } from "../terminal/command.ts";
import { helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { Interruption } from "../terminal/interruption.ts";
import { status } from "../terminal/status.ts";
import { Failure } from "../values/failure.ts";
import { formatFixed, formatSpread } from "../values/numbers.ts";
import { type Summary, summary } from "../values/statistics.ts";
import { RUN_FLAGS, runSettings, seeds } from "./run_flags.ts";

const FLAGS = {
  ...RUN_FLAGS,
  "dry-run": {
    type: "boolean",
    help: "list the points and what is there of their runs; train nothing",
  },
  "json": { type: "boolean", help: "print one JSON object per point, the best one first" },
} as const satisfies Spec;

/** A point and the experiment there. */
interface Place {
  /** The experiment's id. */
  readonly id: string;
  readonly point: SweepPoint;
  readonly experiment: Experiment;
}

/**
 * Runs the sweep that the arguments name; see `--help`. Rejects with a `Failure` that has the exit
 * code.
 */
export async function runSweep(
  args: readonly string[],
  print: (line: string) => void = console.log,
): Promise<void> {
  const options = parseFlags(args, FLAGS);
  const [spec, another] = options._;
  if (options.help) return print(helpText("deno task sweep <module>", FLAGS));
  if (spec === undefined) throw new Failure(2, "which sweep? deno task sweep experiments/sweep.ts");
  if (another !== undefined) throw new Failure(2, `one at a time: deno task sweep ${spec}`);
  await checkTypes([moduleOf(spec)]);
  const places = await load(spec);
  const shown = status({ quiet: options.quiet });
  using interruption = new Interruption(shown.line);
  const settings = runSettings(options, shown, interruption);
  const trials = seeds(options);
  if (options["dry-run"]) {
    return print(columns(await Promise.all(places.map((place) => state(place, trials, settings)))));
  }
  const tried: Tried[] = [];
  for (const [i, place] of places.entries()) {
    shown.line(`point ${i + 1} of ${places.length}: ${place.id}`);
    tried.push(await attempt(place, trials, settings));
  }
  for (const line of sweepReport(tried, options.json)) print(line);
}

/** The points of a module's sweep. */
async function load(spec: string): Promise<Place[]> {
  const { default: experiments } = await importModule(moduleOf(spec));
  const points = pointsOf(experiments);
  if (!points) {
    throw new Failure(
      2,
      `${spec} exports no sweep: \`export default sweep({ space, method, make })\``,
    );
  }
  return Promise.all(Array.from(points, async ([name, point]) => {
    const experiment = (experiments as Experiments)[name];
    return { id: (await identify(experiment)).id, point, experiment };
  }));
}

/** What is there of a point's runs, as cells. */
async function state(
  { id, experiment }: Place,
  seeds: readonly number[],
  settings: Settings,
): Promise<string[]> {
  const found = await Promise.all(seeds.map((seed) => resolveRun(experiment, seed, settings)));
  return [id, ...found.map(({ seed, state }) => `seed ${seed}: ${state}`)];
}

/** Runs a point; one that diverges is told as such, and no reason to leave out the others. */
async function attempt(
  { id, point, experiment }: Place,
  seeds: readonly number[],
  settings: Settings,
): Promise<Tried> {
  const trials = [];
  const { task } = experiment.dataset;
  try {
    for (const seed of seeds) {
      trials.push((await runTrials([{ experiment, seed }], settings))[0].trial);
    }
  } catch (error) {
    if (!(error instanceof Failure) || error.exit !== 4) throw error;
    settings.status.line(error.message);
    return { id, point, task, trials, problem: error.message };
  }
  return { id, point, task, trials };
}

if (import.meta.main) await runCommand(() => runSweep(Deno.args));

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
 * The points of a sweep by what they reach on what is held out, after the last epoch, the best
 * first: a table and what the best reaches on the test set, or each as a line of JSON. Throws a
 * `Failure`: of exit 4 where no point can be compared, of exit 3 where a trial was recorded without
 * what it reached.
 */
export function sweepReport(tried: readonly Tried[], json: boolean): string[] {
  const scored = tried.map(score).sort((a, b) => mean(b) - mean(a));
  const [best] = scored;
  if (!best?.heldOut) {
    throw new Failure(
      4,
      `no point of the sweep could be trained to its end: ${tried.map(({ id }) => id).join(", ")}`,
    );
  }
  if (json) return scored.map(line);
  const settings = Object.keys(best.point);
  const { task } = best;
  const { title, decimals } = task.measures[task.primary];
  const rows = scored.map(({ point, heldOut }, i) => [
    ...settings.map((setting) => String(point[setting])),
    heldOut ? formatSpread(heldOut, decimals) : "diverged",
    i === 0 ? "best" : "",
  ]);
  const test = summary(best.trials.map(({ metric }) => primaryOf(metric, task).last))!;
  const quick = best.trials.some(({ quick }) => quick) ? ", quick" : "";
  return [
    columns([[...settings, `hold-out ${title} (n)`, ""], ...rows], settings.length),
    "",
    `best: ${best.id}, hold-out ${formatFixed(best.heldOut.mean, decimals)}, test ${
      formatFixed(test.mean, decimals)
    }${quick}`,
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
    throw new Failure(
      3,
      `${id} seed ${seed} was recorded without its ${missing}: --fresh trains it again`,
    );
  });
  return { ...tried, heldOut: summary(reached) };
}

function line({ id, point, trials, problem, heldOut }: Scored, place: number): string {
  return JSON.stringify({ experiment: id, point, heldOut, best: place === 0, problem, trials });
}
