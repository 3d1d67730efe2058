/**
 * `deno task exp <module>[#name] …`: runs experiments.
 *
 * @module
 */
import { checkTypes } from "../project/check_types.ts";
import { command } from "../terminal/command.ts";
import { Failure } from "../values/failure.ts";
import { flags, help, type Spec } from "../terminal/flags.ts";
import { load, moduleOf } from "../project/identify.ts";
import { Interruption } from "../terminal/interruption.ts";
import { primaryOf } from "../project/metric.ts";
import { plan, planQueue } from "../run/dry_run.ts";
import { queue } from "../run/queue.ts";
import { run } from "../run/run.ts";
import { RUN_FLAGS, runSettings, seeds } from "./run_flags.ts";
import { status } from "../terminal/status.ts";

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
  const settings = runSettings(given, shown, interruption);
  const asked = loaded.flatMap(({ experiment }) => seeds(given).map((seed) => ({ experiment, seed })));
  if (given["dry-run"]) {
    planQueue(await queue(asked, settings)).forEach((line) => print(line));
    for (const { experiment, seed } of asked) (await plan(experiment, seed, settings)).forEach((line) => print(line));
    return;
  }
  const done = await run(asked, settings);
  for (const [i, { id, trial }] of done.entries()) {
    if (given.json) print(JSON.stringify({ experiment: id, ...trial }));
    else if (!given.quiet) {
      const { task } = asked[i].experiment.dataset;
      const { title, decimals } = task.measures[task.primary];
      const { last, best } = primaryOf(trial.metric, task);
      const reached = `${title} ${last.toFixed(decimals)} last, ${best.toFixed(decimals)} best`;
      print(`${id} seed ${trial.seed}: ${reached} (epoch ${trial.bestEpoch})${trial.quick ? ", quick" : ""}`);
    }
  }
}

if (import.meta.main) await command(() => main(Deno.args));
