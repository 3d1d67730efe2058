import type { Spec } from "../terminal/flags.ts";

/** The flags that choose one of an experiment's trained students. */
export const STUDENT_FLAGS = {
  "seed": { type: "integer", least: 0, help: "seed of the trial. Default: 1" },
  "epoch": {
    type: "string",
    choices: ["last", "best"],
    help: "epoch of the trial's weights. Default: last",
  },
  "average": {
    type: "boolean",
    help: "take the moving average of the trial's weights (ema of its schedule)",
  },
  "epochs": { type: "integer", least: 1, help: "epochs of a quick run, to take that run" },
  "limit": {
    type: "integer",
    least: 1,
    help: "batches per epoch of a quick run, to take that run",
  },
} as const satisfies Spec;
