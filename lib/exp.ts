/**
 * `deno task exp <module>[#name] …`: runs experiments.
 *
 * @module
 */
import { dataFolder } from "../datasets/files.ts";
import { checkTypes } from "./check_types.ts";
import { command } from "./command.ts";
import { Failure } from "./failure.ts";
import { flags, help, type Spec } from "./flags.ts";
import { load, moduleOf } from "./identify.ts";
import { plan } from "./plan.ts";
import { run } from "./run.ts";
import type { Settings } from "./settings.ts";
import { status } from "./status.ts";

const FLAGS = {
  "seed": { type: "integer", least: 0, help: "the first trial's seed; 1" },
  "trials": { type: "integer", least: 1, help: "how many trials, with the seeds that follow; 1" },
  "epochs": { type: "integer", least: 1, help: "epochs in place of the declared ones; the run is then quick" },
  "limit": { type: "integer", least: 1, help: "batches per epoch at most; the run is then quick" },
  "data": { type: "string", help: "the folder of the data sets; $RETORT_DATA or ./data" },
  "precision": { type: "string", choices: ["float32", "bfloat16"], help: "what convolutions compute in; float32" },
  "backend": { type: "string", choices: ["tensorflow", "cpu"], help: "cpu is tfjs's own, slow; tensorflow" },
  "threads": { type: "integer", least: 1, help: "threads; all cores" },
  "deterministic": { type: "boolean", help: "repeat bit for bit, somewhat slower" },
  "fresh": { type: "boolean", help: "begin again where a run has begun or is done" },
  "dry-run": { type: "boolean", help: "resolve, trace and time; write nothing" },
  "quiet": { type: "boolean", help: "show no progress" },
  "json": { type: "boolean", help: "print one JSON object per trial at the end" },
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
  const settings: Settings = {
    epochs: given.epochs,
    limit: given.limit,
    data: dataFolder(given.data),
    precision: given.precision,
    backend: given.backend,
    threads: given.threads,
    deterministic: given.deterministic,
    fresh: given.fresh,
    status: shown,
    log: shown.line,
    interrupted: () => interruption.asked,
  };
  const { seed: first = 1, trials = 1 } = given;
  const done = [];
  for (const { experiment } of loaded) {
    for (let seed = first; seed < first + trials; seed++) {
      if (given["dry-run"]) (await plan(experiment, seed, settings)).forEach((line) => print(line));
      else done.push(await run(experiment, seed, settings));
    }
  }
  for (const { id, trial } of done) {
    const { top1: { last, best } } = trial.metric;
    if (given.json) print(JSON.stringify({ experiment: id, ...trial }));
    else if (!given.quiet) {
      print(
        `${id} seed ${trial.seed}: top-1 ${last.toFixed(2)} last, ${best.toFixed(2)} best (epoch ${trial.bestEpoch})${
          trial.quick ? ", quick" : ""
        }`,
      );
    }
  }
}

/** Listens for Ctrl-C: the first one is asked for after each step, the second one ends the process at once. */
class Interruption implements Disposable {
  /** Whether there was one. */
  asked = false;
  readonly #signals: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  readonly #stop: () => void;

  constructor(tell: (line: string) => void) {
    this.#stop = () => {
      if (this.asked) Deno.exit(130);
      this.asked = true;
      tell("interrupted: saving after this step; once more stops at once");
    };
    for (const signal of this.#signals) Deno.addSignalListener(signal, this.#stop);
  }

  [Symbol.dispose](): void {
    for (const signal of this.#signals) Deno.removeSignalListener(signal, this.#stop);
  }
}

if (import.meta.main) await command(() => main(Deno.args));
