/**
 * `deno task sweep <module>`: runs the experiments of a sweep and prints which one is the best on
 * the hold-out.
 *
 * @module
 */
import type { Experiment } from "../experiment/experiment.ts";
import { pointsOf, type SweepPoint } from "../experiment/sweep.ts";
import type { Experiments } from "../experiment/tables.ts";
import { checkTypes } from "../project/check_types.ts";
import { findModule, identify } from "../project/identify.ts";
import { importModule } from "../project/import_module.ts";
import { primaryOf } from "../project/metric.ts";
import type { Trial } from "../project/result.ts";
import { resolveRun } from "../run/resolve.ts";
import { runTrials } from "../run/run.ts";
import type { Settings } from "../run/settings.ts";
import type { Task } from "../tasks/task.ts";
import { exitAtOnce } from "../tensorflow/library/load.ts";
import { columns } from "../terminal/columns.ts";
import { printLine, runCommand } from "../terminal/command.ts";
import { helpText, onlyArgument, parseFlags, type Spec } from "../terminal/flags.ts";
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
    help: "list the points and the state of their runs. Train nothing",
  },
  "json": { type: "boolean", help: "print one JSON object per point, best first" },
} as const satisfies Spec;

/** A point of a sweep and its experiment. */
interface Candidate {
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
  print: (line: string) => void = printLine,
  check: typeof checkTypes = checkTypes,
): Promise<void> {
  const options = parseFlags(args, FLAGS);
  if (options.help) return print(helpText("deno task sweep <module>", FLAGS));
  const spec = onlyArgument("deno task sweep", options._);
  if (spec === undefined) {
    throw new Failure(2, "which sweep? deno task sweep experiments/examples/sweep.ts");
  }
  await check([findModule(spec)]);
  const candidates = await loadCandidates(spec);
  const progress = status({ quiet: options.quiet });
  using interruption = new Interruption(progress.line, exitAtOnce);
  const settings = await runSettings(options, progress, interruption);
  const trialSeeds = seeds(options);
  if (options["dry-run"]) {
    const rows = candidates.map((candidate) => stateCells(candidate, trialSeeds, settings));
    return print(columns(await Promise.all(rows)));
  }
  const results: PointResult[] = [];
  for (const [i, candidate] of candidates.entries()) {
    progress.line(`point ${i + 1} of ${candidates.length}: ${candidate.id}`);
    results.push(await tryPoint(candidate, trialSeeds, settings));
  }
  for (const line of sweepReport(results, options.json)) print(line);
}

/** Loads the points of a module's sweep. */
async function loadCandidates(spec: string): Promise<Candidate[]> {
  const { default: experiments } = await importModule(findModule(spec));
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

/** The state of each run of a point, as cells. */
async function stateCells(
  { id, experiment }: Candidate,
  seeds: readonly number[],
  settings: Settings,
): Promise<string[]> {
  const found = await Promise.all(seeds.map((seed) => resolveRun(experiment, seed, settings)));
  return [id, ...found.map(({ seed, state }) => `seed ${seed}: ${state}`)];
}

/** Runs a point. If it diverges, its result says so, since the other points still count. */
async function tryPoint(
  { id, point, experiment }: Candidate,
  seeds: readonly number[],
  settings: Settings,
): Promise<PointResult> {
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

/** The result of a point of a sweep. */
interface PointResult {
  /** The experiment's id. */
  readonly id: string;
  readonly point: SweepPoint;
  readonly task: Task;
  readonly trials: readonly Trial[];
  /** The reason why some trials are missing; `undefined` if all are there. */
  readonly problem?: string;
}

/** A result with its score on the hold-out; `undefined` if the point diverged. */
type Scored = PointResult & { readonly heldOut?: Summary };

/**
 * The points of a sweep, sorted by their score on the hold-out after the last epoch, best first: a
 * table with the best point's score on the test set, or each as a line of JSON. Throws a `Failure`:
 * exit 4 if no point can be compared, exit 3 if a trial was recorded without its hold-out score.
 */
function sweepReport(tried: readonly PointResult[], json: boolean): string[] {
  const scored = tried.map(score).sort((a, b) => mean(b) - mean(a));
  const [best] = scored;
  if (!best?.heldOut) {
    throw new Failure(
      4,
      `every point of the sweep diverged: ${tried.map(({ id }) => id).join(", ")}`,
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
  const ties = scored.filter((one) => mean(one) === mean(best)).length;
  const first = ties > 1 ? `, the first of ${ties} with this score` : "";
  return [
    columns([[...settings, `hold-out ${title} (n)`, ""], ...rows], settings.length),
    "",
    `best: ${best.id}, hold-out ${formatFixed(best.heldOut.mean, decimals)}, test ${
      formatFixed(test.mean, decimals)
    }${first}${quick}`,
  ];
}

/** The key by which points are sorted. Points without a score come last. */
function mean({ heldOut }: Scored): number {
  return heldOut?.mean ?? -Number.MAX_VALUE;
}

function score(tried: PointResult): Scored {
  if (tried.problem !== undefined) return tried;
  const scores = tried.trials.map(({ seed, metric: { heldOut } }) => {
    if (heldOut) return heldOut.last;
    const { id, task: { measures, primary } } = tried;
    const missing = `hold-out ${measures[primary].title}`;
    throw new Failure(
      3,
      `${id} seed ${seed} was recorded without its ${missing}: train it again with --fresh`,
    );
  });
  return { ...tried, heldOut: summary(scores) };
}

function line({ id, point, trials, problem, heldOut }: Scored, place: number): string {
  return JSON.stringify({ experiment: id, point, heldOut, best: place === 0, problem, trials });
}

if (import.meta.main) await runCommand(() => runSweep(Deno.args));
