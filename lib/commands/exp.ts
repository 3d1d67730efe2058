/**
 * `deno task exp <module>[#name] …`: runs experiments.
 *
 * @module
 */
import type { Trial } from "../project/result.ts";
import type { Task } from "../tasks/task.ts";
import { checkTypes } from "../project/check_types.ts";
import { printLine, runCommand } from "../terminal/command.ts";
import { Failure } from "../values/failure.ts";
import { helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { findModule, loadExperiments } from "../project/identify.ts";
import { Interruption } from "../terminal/interruption.ts";
import { primaryOf } from "../project/metric.ts";
import { dryRunAll } from "../run/dry_run.ts";
import { runTrials } from "../run/run.ts";
import type { Settings } from "../run/settings.ts";
import { trainTogether } from "../run/train_together.ts";
import { parseCohort, requestedTrials, RUN_FLAGS, runSettings } from "./run_flags.ts";
import { exitAtOnce } from "../tensorflow/library/load.ts";
import { status } from "../terminal/status.ts";

const FLAGS = {
  ...RUN_FLAGS,
  "cohort": {
    type: "string",
    help:
      "how many trials train together in one graph, which is faster, never more than fit into main " +
      "memory: auto (all that fit), off, or the largest number. Default: auto",
  },
  "pending": {
    type: "boolean",
    help: "share the trials with other processes, on any machines: each takes some, at most " +
      "--cohort at once, and none is trained twice",
  },
  "cluster": {
    type: "string",
    help: "workers that share each batch, host:port,host:port, the same at all of them; an IPv6 " +
      "host in brackets, [::1]:5000. Default: $TF_CONFIG, or this process alone",
  },
  "rank": { type: "integer", least: 0, help: "number of this worker in --cluster, from 0" },
  "sync-norm": {
    type: "boolean",
    help: "with --cluster: statistics of norms over the whole batch, not each worker's part",
  },
  "dry-run": { type: "boolean", help: "resolve, trace and time. Write nothing, download no data" },
} as const satisfies Spec;

/**
 * Runs the experiments that the arguments name; see `--help`. Rejects with a `Failure` that has the
 * exit code.
 */
export async function runExp(
  args: readonly string[],
  print: (line: string) => void = printLine,
  check: typeof checkTypes = checkTypes,
): Promise<void> {
  const options = parseFlags(args, FLAGS);
  if (options.help) return print(helpText("deno task exp <module>[#name] …", FLAGS));
  if (options._.length === 0) {
    throw new Failure(2, "which experiment? deno task exp experiments/quickstart.ts");
  }
  const progress = status({ quiet: options.quiet });
  using interruption = new Interruption(progress.line, exitAtOnce);
  const settings: Settings = {
    ...await runSettings(options, progress, interruption),
    cohort: parseCohort(options.cohort),
    pending: options.pending,
    syncNorm: options["sync-norm"],
  };
  await check(options._.map(findModule));
  const loaded = (await Promise.all(options._.map(loadExperiments))).flat();
  const trials = requestedTrials(loaded.map(({ experiment }) => experiment), options);
  if (options["dry-run"]) {
    return (await dryRunAll(trials, settings)).forEach((line) => print(line));
  }
  const tfConfig = Deno.env.get("TF_CONFIG");
  const run = (settings: Settings) => runTrials(trials, settings);
  const results = await trainTogether(options, tfConfig, trials, settings, run);
  for (const { experiment, identity: { id }, trial } of results) {
    if (options.json) print(JSON.stringify({ experiment: id, ...trial }));
    else if (!options.quiet) print(resultLine(id, experiment.dataset.task, trial));
  }
}

function resultLine(id: string, task: Task, trial: Trial): string {
  const { title, decimals } = task.measures[task.primary];
  const { last, best } = primaryOf(trial.metric, task);
  const values = `${title} ${last.toFixed(decimals)} last, ${best.toFixed(decimals)} best`;
  const quick = trial.quick ? ", quick" : "";
  return `${id} seed ${trial.seed}: ${values} (epoch ${trial.bestEpoch})${quick}`;
}

if (import.meta.main) await runCommand(() => runExp(Deno.args));
