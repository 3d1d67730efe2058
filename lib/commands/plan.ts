/**
 * `deno task plan <paper|module|folder…>`: prints what it costs to train a table or experiments.
 *
 * @module
 */
import { findDataFolder } from "../files/data_folder.ts";
import { checkTypes } from "../project/check_types.ts";
import { cohorts } from "../run/cohorts.ts";
import { type Plan, type PlannedTrial, planQueue } from "../run/plan.ts";
import { queue } from "../run/queue.ts";
import { titleOf } from "../run/resolve.ts";
import type { Settings } from "../run/settings.ts";
import { unrecorded } from "../run/unrecorded.ts";
import { columns } from "../terminal/columns.ts";
import { runCommand } from "../terminal/command.ts";
import { helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { status } from "../terminal/status.ts";
import { Failure } from "../values/failure.ts";
import { userFolder } from "../files/user_path.ts";
import { choosePrecision, ENGINE_FLAGS } from "./engine_flags.ts";
import { namedExperiments } from "./named_experiments.ts";
import { requestedTrials, RUN_FLAGS } from "./run_flags.ts";

const FLAGS = {
  "seed": RUN_FLAGS.seed,
  "trials": RUN_FLAGS.trials,
  "machines": {
    type: "integer",
    least: 1,
    help: "number of machines like this one, to plan for. Default: 1",
  },
  "cohort": {
    type: "integer",
    least: 1,
    help: "largest number of trials that train together. Default: all that can",
  },
  "estimate": {
    type: "boolean",
    help:
      "scale recorded times by multiply-adds; if there are none, time one step. Default: time " +
      "a step of each distinct experiment without a recorded time, some seconds each",
  },
  "data": ENGINE_FLAGS.data,
  "precision": ENGINE_FLAGS.precision,
  "backend": ENGINE_FLAGS.backend,
  "threads": ENGINE_FLAGS.threads,
  "quiet": { type: "boolean", help: "print no progress" },
  "json": { type: "boolean", help: "print one JSON object" },
} as const satisfies Spec;

/**
 * Prints the plan of the trials that are still to be trained, of the experiments that the arguments
 * name; see `--help`. Neither the data sets nor trained teachers have to be there. `check` checks
 * the types of the modules. Rejects with a `Failure` that has the exit code.
 */
export async function runPlan(
  args: readonly string[],
  print: (line: string) => void = console.log,
  within: string = userFolder(),
  check: typeof checkTypes = checkTypes,
): Promise<void> {
  const options = parseFlags(args, FLAGS);
  const { cohort: most, estimate, machines = 1, json, backend, threads } = options;
  if (options.help) return print(helpText("deno task plan <paper|module[#name]|folder> …", FLAGS));
  if (options._.length === 0) {
    throw new Failure(2, "which table? deno task plan slkd, or experiments/quickstart.ts");
  }
  const progress = status({ quiet: options.quiet });
  const precision = await choosePrecision(options, progress.line);
  const settings: Settings = {
    ...{ precision, backend, threads, data: findDataFolder(options.data) },
    ...{ fresh: false, status: progress, interrupted: () => false },
  };
  const experiments = await namedExperiments(options._, within, check);
  const asked = requestedTrials(experiments, options);
  const missing = await unrecorded(asked);
  const plan = await planQueue(await queue(missing, settings), {
    groupCohorts: (waiting) => cohorts(waiting, most),
    estimate,
    settings,
  });
  const recorded = asked.length - missing.length;
  if (json) return print(JSON.stringify(planJson(plan, machines, recorded)));
  planLines(plan, machines, recorded).forEach((line) => print(line));
}

function titlesOf(trials: readonly PlannedTrial[]): string[] {
  return trials.map(({ trial }) => titleOf(trial));
}

/** A plan as plain data, times in seconds. */
function planJson(plan: Plan, machines: number, recorded: number) {
  const { trials, cohorts, steps, seconds, onMachines, aloneOnMachines, criticalPath } = plan;
  return {
    recorded,
    trials: trials.map(({ trial: { identity, seed }, steps, stepSeconds, source, seconds }) => ({
      experiment: identity.id,
      seed,
      steps,
      stepSeconds,
      source,
      seconds,
    })),
    cohorts: cohorts.map(titlesOf),
    steps,
    seconds,
    machines: {
      n: machines,
      seconds: onMachines(machines),
      aloneSeconds: aloneOnMachines(machines),
    },
    criticalPath: { seconds: criticalPath.seconds, trials: titlesOf(criticalPath.trials) },
  };
}

/** A plan as lines: a row for each experiment, then the sums. */
function planLines(plan: Plan, machines: number, recorded: number): string[] {
  const { trials, cohorts, seconds, steps, onMachines, aloneOnMachines, criticalPath } = plan;
  const done = recorded > 0 ? `, ${recorded} recorded already` : "";
  if (trials.length === 0) return [`0 trials are to be trained${done}`];
  const rows = Array.from(
    Map.groupBy(trials, ({ trial }) => trial.identity.id),
    ([id, alike]) => experimentRow(id, alike),
  );
  const header = ["experiment", "time", "trials", "epochs", "steps", "ms a step", "hours"];
  const largest = Math.max(...cohorts.map(({ length }) => length));
  const sums = [
    ["trials", `${trials.length} to train${done}`],
    ["cohorts", `${cohorts.length}, the largest of ${largest}`],
    ["steps", steps.toLocaleString("en")],
    ["1 machine", `${hours(seconds)} h`],
    ...machines > 1
      ? [[
        `${machines} machines`,
        `${hours(onMachines(machines))} h, a cohort on one of them; ` +
        `${hours(aloneOnMachines(machines))} h with each trial alone`,
      ]]
      : [],
    [
      "at least",
      `${hours(criticalPath.seconds)} h: ${titlesOf(criticalPath.trials).join(" → ")}`,
    ],
    ["time of a step", sourceText(trials)],
    ["left out", "evaluations, tracing, and what a cohort saves, unless a recorded time has it"],
  ];
  return [columns([header, ...rows], 2), "", columns(sums, 2)];
}

/** The cells of an experiment's trials, which differ in their seeds and in what is done of them. */
function experimentRow(id: string, trials: readonly PlannedTrial[]): string[] {
  const [{ trial: { experiment }, source, stepSeconds }] = trials;
  const steps = trials.reduce((sum, { steps }) => sum + steps, 0);
  return [
    ...[id, source, String(trials.length), String(experiment.schedule.epochs)],
    ...[steps.toLocaleString("en"), (stepSeconds * 1000).toFixed(1), hours(steps * stepSeconds)],
  ];
}

function hours(seconds: number): string {
  const two = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return (seconds / 3600).toLocaleString("en", two);
}

/** How many trials have a time of each source, and what that means. */
function sourceText(trials: readonly PlannedTrial[]): string {
  const meanings = {
    recorded: "recorded by earlier trials, each its share of its cohort's",
    measured: "measured now on this machine",
    estimated:
      "estimated from other experiments by multiply-adds, or from a step with fewer images",
  } as const;
  return (["recorded", "measured", "estimated"] as const).flatMap((source) => {
    const n = trials.filter((trial) => trial.source === source).length;
    return n > 0 ? [`${n} trial${n === 1 ? "" : "s"} ${meanings[source]}`] : [];
  }).join("; ");
}

if (import.meta.main) await runCommand(() => runPlan(Deno.args));
