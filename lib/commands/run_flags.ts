import { EVAL_BATCH } from "../evaluation/evaluate.ts";
import { dataFolder } from "../files/data_folder.ts";
import type { Settings } from "../run/settings.ts";
import type { Flags, Spec } from "../terminal/flags.ts";
import type { Interruption } from "../terminal/interruption.ts";
import type { Status } from "../terminal/status.ts";

/** The flags of a command that runs experiments. */
export const RUN_FLAGS = {
  "seed": { type: "integer", least: 0, help: "the first trial's seed; 1" },
  "trials": { type: "integer", least: 1, help: "how many trials, with the seeds that follow; 1" },
  "epochs": {
    type: "integer",
    least: 1,
    help: "epochs in place of the declared ones; the run is then quick",
  },
  "limit": { type: "integer", least: 1, help: "batches per epoch at most; the run is then quick" },
  "data": { type: "string", help: "the folder of the data sets; $RETORT_DATA or ./data" },
  "precision": {
    type: "string",
    choices: ["float32", "bfloat16"],
    help: "what convolutions compute in; float32",
  },
  "backend": {
    type: "string",
    choices: ["tensorflow", "cpu"],
    help: "cpu is tfjs's own, slow; tensorflow",
  },
  "threads": { type: "integer", least: 1, help: "threads; all cores" },
  "eval-batch": {
    type: "integer",
    least: 1,
    help: `images in a batch of an evaluation; ${EVAL_BATCH}`,
  },
  "deterministic": { type: "boolean", help: "repeat bit for bit, somewhat slower" },
  "grad-norms": {
    type: "boolean",
    help: "log how strongly each term pulls at the student, on one batch an epoch",
  },
  "fresh": { type: "boolean", help: "begin again where a run has begun or is done" },
  "quiet": { type: "boolean", help: "show no progress" },
  "json": { type: "boolean", help: "print one JSON object per trial at the end" },
} as const satisfies Spec;

/** How experiments are run, as these flags say. */
export function runSettings(
  options: Flags<typeof RUN_FLAGS>,
  status: Status,
  interruption: Interruption,
): Settings {
  return {
    epochs: options.epochs,
    limit: options.limit,
    data: dataFolder(options.data),
    precision: options.precision,
    backend: options.backend,
    threads: options.threads,
    deterministic: options.deterministic,
    gradNorms: options["grad-norms"],
    evalBatch: options["eval-batch"],
    fresh: options.fresh,
    status,
    log: status.line,
    interrupted: () => interruption.asked,
  };
}

/** The seeds of the trials that these flags ask for. */
export function seeds({ seed = 1, trials = 1 }: Flags<typeof RUN_FLAGS>): number[] {
  return Array.from({ length: trials }, (_, i) => seed + i);
}
