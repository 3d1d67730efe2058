/**
 * `deno task exp <module>[#name] …`: runs experiments.
 *
 * @module
 */
import { checkTypes } from "./check_types.ts";
import { command } from "./command.ts";
import { Failure } from "./failure.ts";
import { flags, help, type Spec } from "./flags.ts";
import { load, moduleOf } from "./identify.ts";
import { Interruption } from "./interruption.ts";
import { primaryOf } from "./metric.ts";
import { plan } from "./plan.ts";
import { run } from "./run.ts";
import { RUN_FLAGS, runSettings, seeds } from "./run_flags.ts";
import { status } from "./status.ts";

const FLAGS = {
  ...RUN_FLAGS,
  "dry-run": { type: "boolean", help: "resolve, trace and time; write nothing, download no data" },
} as const satisfies Spec;

/** Runs what the arguments name; see `--help`. Rejects with a `Failure` that has the exit code. */
export async function main(args: readonly string[], print: (line: string) => void = console.log): Promise<void> {
  const given = flags(args, FLAGS);
  if (given.help) return print(help("deno task exp <module>[#name] …", FLAGS));
  if (given._.length === 0) throw new Failure(2, `which experiment? deno task exp experiments/quickstart.ts`);
  await checkTypes(given._.map(moduleOf));
  const loaded = (await Promise.all(given._.map(load))).flat();
  const shown = status({ quiet: given.quiet });
  using interruption = new Interruption(shown.line);
  const others = loaded.map(({ experiment }) => experiment), done = [];
  const settings = { ...runSettings(given, shown, interruption), others };
  for (const { experiment } of loaded) {
    for (const seed of seeds(given)) {
      if (given["dry-run"]) (await plan(experiment, seed, settings)).forEach((line) => print(line));
      else done.push({ ...await run(experiment, seed, settings), task: experiment.dataset.task });
    }
  }
  for (const { id, trial, task } of done) {
    if (given.json) print(JSON.stringify({ experiment: id, ...trial }));
    else if (!given.quiet) {
      const { title, decimals } = task.measures[task.primary];
      const { last, best } = primaryOf(trial.metric, task);
      const reached = `${title} ${last.toFixed(decimals)} last, ${best.toFixed(decimals)} best`;
      print(`${id} seed ${trial.seed}: ${reached} (epoch ${trial.bestEpoch})${trial.quick ? ", quick" : ""}`);
    }
  }
}

if (import.meta.main) await command(() => main(Deno.args));
