import type { Experiment } from "../experiment/experiment.ts";
import { findDataFolder } from "../files/data_folder.ts";
import type { RequestedTrial } from "../run/queue.ts";
import type { Settings } from "../run/settings.ts";
import type { Flags, Spec } from "../terminal/flags.ts";
import type { Interruption } from "../terminal/interruption.ts";
import type { Status } from "../terminal/status.ts";
import { Failure } from "../values/failure.ts";
import { choosePrecision, ENGINE_FLAGS } from "./engine_flags.ts";

/** The flags of a command that runs experiments. */
export const RUN_FLAGS = {
  "seed": { type: "integer", least: 0, help: "seed of the first trial. Default: 1" },
  "trials": {
    type: "integer",
    least: 1,
    help: "number of trials, with consecutive seeds. Default: 1",
  },
  "epochs": {
    type: "integer",
    least: 1,
    help: "number of epochs, for a quick run. Default: the declared number",
  },
  "limit": {
    type: "integer",
    least: 1,
    help: "maximum number of batches per epoch and per evaluation, for a quick run. Default: all",
  },
  ...ENGINE_FLAGS,
  "deterministic": {
    type: "boolean",
    help: "make runs with the same number of threads bit-identical, somewhat slower",
  },
  "grad-norms": {
    type: "boolean",
    help: "log the norm of each term's gradient at the student, on one batch per epoch",
  },
  "save-every": {
    type: "string",
    help: "interval of saves within a long epoch: 30s, 10m, 2h, or off. Default: 10m",
  },
  "keep": {
    type: "boolean",
    help: "keep runs whose own code has changed since: they count as runs of the present code",
  },
  "fresh": { type: "boolean", help: "start again, even if a run is unfinished or complete" },
  "quiet": { type: "boolean", help: "print no progress" },
  "json": { type: "boolean", help: "print one JSON object per trial at the end" },
} as const satisfies Spec;

/**
 * The settings of a run that these flags set. Rejects with a `Failure`: exit 2 if a value is out of
 * its range, or as `choosePrecision` does.
 */
export async function runSettings(
  options: Flags<typeof RUN_FLAGS>,
  status: Status,
  interruption: Interruption,
): Promise<Settings> {
  const saveEvery = parseTime(options["save-every"]);
  return {
    epochs: options.epochs,
    limit: options.limit,
    data: findDataFolder(options.data),
    precision: await choosePrecision(options, status.line, options.deterministic),
    keepPrecision: options.precision === "auto",
    backend: options.backend,
    threads: options.threads,
    deterministic: options.deterministic,
    gradNorms: options["grad-norms"],
    evalBatch: options["eval-batch"],
    fresh: options.fresh,
    keepResults: options.keep,
    status,
    interrupted: () => interruption.requested,
    saveRequested: () => interruption.takeSaveRequest(),
    saveEvery,
  };
}

/** Milliseconds of a unit of `--save-every`. */
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Reads `--save-every` in milliseconds: `off` is infinite. Throws a `Failure` (exit 2) if it is no
 * time of at least a second.
 */
function parseTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === "off") return Infinity;
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  const time = Number(number) * UNITS[unit];
  if (time >= 1000 && Number.isFinite(time)) return time;
  throw new Failure(
    2,
    `--save-every ${text}: give a time of at least a second, such as 30s, 10m or 2h, or off`,
  );
}

/** Reads `--cohort`. Throws a `Failure` (exit 2) if it is not `auto`, `off` or a number. */
export function parseCohort(text = "auto"): number | "auto" {
  if (text === "auto") return text;
  const most = text === "off" ? 1 : Number(text);
  if (Number.isInteger(most) && most >= 1) return most;
  throw new Failure(2, `--cohort ${text}: give auto, off or a number of trials, at least 1`);
}

/** The trials that these flags ask for: each experiment, once, with each seed. */
export function requestedTrials(
  experiments: readonly Experiment[],
  flags: Pick<Flags<typeof RUN_FLAGS>, "seed" | "trials">,
): RequestedTrial[] {
  return [...new Set(experiments)].flatMap((experiment) =>
    seeds(flags).map((seed) => ({ experiment, seed }))
  );
}

/** The seeds of the trials that these flags set. */
export function seeds(
  { seed = 1, trials = 1 }: Pick<Flags<typeof RUN_FLAGS>, "seed" | "trials">,
): number[] {
  return Array.from({ length: trials }, (_, i) => seed + i);
}
