/**
 * `deno task sweep <module>`: runs the experiments of a sweep and says which is the best on what was held out.
 *
 * @module
 */
import { checkTypes } from "../project/check_types.ts";
import { columns } from "../terminal/columns.ts";
import { command } from "../terminal/command.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import { flags, help, type Spec } from "../terminal/flags.ts";
import { identify, moduleOf } from "../project/identify.ts";
import { importModule } from "../project/import_module.ts";
import { Interruption } from "../terminal/interruption.ts";
import { resolve } from "../run/resolve.ts";
import { run } from "../run/run.ts";
import { RUN_FLAGS, runSettings, seeds } from "./run_flags.ts";
import type { Settings } from "../run/settings.ts";
import { status } from "../terminal/status.ts";
import { pointsOf, type SweepPoint } from "../experiment/sweep.ts";
import { sweepReport, type Tried } from "./sweep_report.ts";
import type { Experiments } from "../experiment/tables.ts";

const FLAGS = {
  ...RUN_FLAGS,
  "dry-run": { type: "boolean", help: "list the points and what is there of their runs; train nothing" },
  "json": { type: "boolean", help: "print one JSON object per point, the best one first" },
} as const satisfies Spec;

/** A point and the experiment there. */
interface Place {
  /** The experiment's id. */
  readonly id: string;
  readonly point: SweepPoint;
  readonly experiment: Experiment;
}

/** Runs the sweep that the arguments name; see `--help`. Rejects with a `Failure` that has the exit code. */
export async function main(args: readonly string[], print: (line: string) => void = console.log): Promise<void> {
  const given = flags(args, FLAGS), [spec, another] = given._;
  if (given.help) return print(help("deno task sweep <module>", FLAGS));
  if (spec === undefined) throw new Failure(2, "which sweep? deno task sweep experiments/sweep.ts");
  if (another !== undefined) throw new Failure(2, `one at a time: deno task sweep ${spec}`);
  await checkTypes([moduleOf(spec)]);
  const places = await load(spec), shown = status({ quiet: given.quiet });
  using interruption = new Interruption(shown.line);
  const settings = runSettings(given, shown, interruption), trials = seeds(given);
  if (given["dry-run"]) return print(columns(await Promise.all(places.map((place) => state(place, trials, settings)))));
  const tried: Tried[] = [];
  for (const [i, place] of places.entries()) {
    shown.line(`point ${i + 1} of ${places.length}: ${place.id}`);
    tried.push(await attempt(place, trials, settings));
  }
  for (const line of sweepReport(tried, given.json)) print(line);
}

/** The points of a module's sweep. */
async function load(spec: string): Promise<Place[]> {
  const { default: experiments } = await importModule(moduleOf(spec)), points = pointsOf(experiments);
  if (!points) throw new Failure(2, `${spec} exports no sweep: \`export default sweep({ space, method, make })\``);
  return Promise.all(Array.from(points, async ([name, point]) => {
    const experiment = (experiments as Experiments)[name];
    return { id: (await identify(experiment)).id, point, experiment };
  }));
}

/** What is there of a point's runs, as cells. */
async function state({ id, experiment }: Place, seeds: readonly number[], settings: Settings): Promise<string[]> {
  const found = await Promise.all(seeds.map((seed) => resolve(experiment, seed, settings)));
  return [id, ...found.map(({ seed, state }) => `seed ${seed}: ${state}`)];
}

/** Runs a point; one that diverges is told as such, and no reason to leave out the others. */
async function attempt({ id, point, experiment }: Place, seeds: readonly number[], settings: Settings): Promise<Tried> {
  const trials = [];
  const { task } = experiment.dataset;
  try {
    for (const seed of seeds) trials.push((await run([{ experiment, seed }], settings))[0].trial);
  } catch (error) {
    if (!(error instanceof Failure) || error.exit !== 4) throw error;
    settings.status.line(error.message);
    return { id, point, task, trials, problem: error.message };
  }
  return { id, point, task, trials };
}

if (import.meta.main) await command(() => main(Deno.args));
