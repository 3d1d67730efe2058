import { EVAL_BATCH } from "../evaluation/evaluate.ts";
import { detection } from "../tasks/detection.ts";
import type { Spec } from "../terminal/flags.ts";

/** The flags of a command that opens a data set and an engine. */
export const ENGINE_FLAGS = {
  "data": { type: "string", help: "folder of the data sets. Default: $RETORT_DATA or ./data" },
  "precision": {
    type: "string",
    choices: ["float32", "bfloat16"],
    help: "number format of convolutions. Default: float32",
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
