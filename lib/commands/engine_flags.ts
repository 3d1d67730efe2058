import {
  fasterPrecision,
  type Precision,
  type PrecisionTimes,
  timePrecisions,
} from "../engine/precision_times.ts";
import { EVAL_BATCH } from "../evaluation/evaluate.ts";
import type { SubjectOptions } from "../evaluation/open_subject.ts";
import { findDataFolder } from "../files/data_folder.ts";
import { detection } from "../tasks/detection.ts";
import type { Flags, Spec } from "../terminal/flags.ts";
import type { Status } from "../terminal/status.ts";

/** The flags of a command that opens a data set and an engine. */
export const ENGINE_FLAGS = {
  "data": { type: "string", help: "folder of the data sets. Default: $RETORT_DATA or ./data" },
  "precision": {
    type: "string",
    choices: ["float32", "bfloat16", "auto"],
    help: "number format of convolutions; auto: the faster one on this machine, timed at the " +
      "start. Default: float32",
  },
  "backend": {
    type: "string",
    choices: ["tensorflow", "cpu"],
    help: "backend of tfjs; cpu is slow. Default: tensorflow",
  },
  "threads": { type: "integer", least: 1, help: "number of threads. Default: all cores" },
  "eval-batch": {
    type: "integer",
    least: 1,
    help:
      `images per batch of an evaluation. Default: ${EVAL_BATCH}, of a detector ${detection.evaluationBatch}`,
  },
} as const satisfies Spec;

/** The flags that say how an engine computes. */
export type EngineFlags = Pick<Flags<typeof ENGINE_FLAGS>, "precision" | "backend" | "threads">;

/**
 * The precision that these flags set, `undefined` for the default. With `auto`, times both and says
 * which is taken. Rejects with a `Failure` as `openEngine` does.
 */
export async function choosePrecision(
  { precision, backend, threads }: EngineFlags,
  log: (line: string) => void,
  deterministic?: boolean,
  time: typeof timePrecisions = timePrecisions,
): Promise<Precision | undefined> {
  if (precision !== "auto") return precision;
  if (backend === "cpu") {
    log("--precision auto takes float32: --backend cpu has no other");
    return "float32";
  }
  const times = await time({ threads, deterministic, log });
  const faster = fasterPrecision(times);
  log(`--precision auto takes ${faster}: ${describeTimes(times)}`);
  return faster;
}

/**
 * The options of opening trained weights, as these flags set them. Rejects with a `Failure` as
 * `choosePrecision` does.
 */
export async function subjectOptions(
  flags: Pick<Flags<typeof ENGINE_FLAGS>, keyof typeof ENGINE_FLAGS>,
  status: Status,
): Promise<SubjectOptions> {
  return {
    data: findDataFolder(flags.data),
    precision: await choosePrecision(flags, status.line),
    backend: flags.backend,
    threads: flags.threads,
    evalBatch: flags["eval-batch"],
    status,
  };
}

/** The times of a step in both precisions, in words. */
export function describeTimes({ float32, bfloat16 }: PrecisionTimes): string {
  return `a step takes ${bfloat16.toFixed(1)} ms in bfloat16, ${float32.toFixed(1)} in float32`;
}
