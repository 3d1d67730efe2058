/**
 * `deno task exp <module>[#name] …`: runs experiments.
 *
 * @module
 */
import { checkTypes } from "../project/check_types.ts";
import { runCommand } from "../terminal/command.ts";
import { Failure } from "../values/failure.ts";
import { helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { findModule, loadExperiments } from "../project/identify.ts";
import { Interruption } from "../terminal/interruption.ts";
import { primaryOf } from "../project/metric.ts";
import { cohorts, mostTogether } from "../run/cohorts.ts";
import { dryRun, queueLines } from "../run/dry_run.ts";
import { isSameTrial, queue, type RequestedTrial } from "../run/queue.ts";
import { runTrials } from "../run/run.ts";
import { RUN_FLAGS, runSettings, seeds } from "./run_flags.ts";
import { status } from "../terminal/status.ts";

const FLAGS = {
  ...RUN_FLAGS,
  "dry-run": { type: "boolean", help: "resolve, trace and time. Write nothing, download no data" },
} as const satisfies Spec;

/**
 * Runs the experiments that the arguments name; see `--help`. Rejects with a `Failure` that has the
 * exit code.
 */
export async function runExp(
  args: readonly string[],
  print: (line: string) => void = console.log,
): Promise<void> {
  const options = parseFlags(args, FLAGS);
  if (options.help) return print(helpText("deno task exp <module>[#name] …", FLAGS));
  if (options._.length === 0) {
    throw new Failure(2, `which experiment? deno task exp experiments/quickstart.ts`);
  }
  const progress = status({ quiet: options.quiet });
  using interruption = new Interruption(progress.line);
  const settings = runSettings(options, progress, interruption);
  await checkTypes(options._.map(findModule));
  const loaded = (await Promise.all(options._.map(loadExperiments))).flat();
  const trials = loaded.flatMap(({ experiment }) =>
    seeds(options).map((seed) => ({ experiment, seed }))
  );
  if (options["dry-run"]) {
    const planned = cohorts(await queue(trials, settings), mostTogether(settings));
    queueLines(planned).forEach((line) => print(line));
    const isQueued = (trial: RequestedTrial) =>
      planned.some((cohort) => cohort.some((queued) => isSameTrial(queued, trial)));
    const alone = trials.filter((trial) => !isQueued(trial)).map((trial) => [trial]);
    const requested = planned.filter((cohort) =>
      cohort.some((queued) => trials.some((trial) => isSameTrial(queued, trial)))
    );
    for (const cohort of [...requested, ...alone]) {
      (await dryRun(cohort, settings)).forEach((line) => print(line));
    }
    return;
  }
  const results = await runTrials(trials, settings);
  for (const [i, { id, trial }] of results.entries()) {
    if (options.json) print(JSON.stringify({ experiment: id, ...trial }));
    else if (!options.quiet) {
      const { task } = trials[i].experiment.dataset;
      const { title, decimals } = task.measures[task.primary];
      const { last, best } = primaryOf(trial.metric, task);
      const values = `${title} ${last.toFixed(decimals)} last, ${best.toFixed(decimals)} best`;
      print(
        `${id} seed ${trial.seed}: ${values} (epoch ${trial.bestEpoch})${
          trial.quick ? ", quick" : ""
        }`,
      );
    }
  }
}

if (import.meta.main) await runCommand(() => runExp(Deno.args));
