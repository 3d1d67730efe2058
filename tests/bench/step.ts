/**
 * One process, one measurement of our side of the speed comparison: the step of `torch_step.py`, and how long it takes
 * from the start of the process to the end of the first one. Prints one line of JSON.
 *
 *     deno run -A tests/bench/step.ts --pair vgg13-vgg8 [--batch 64] [--steps 15] [--precision float32|bfloat16] [--threads N]
 *
 * @module
 */
import { command } from "../../lib/command.ts";
import { flags, help, type Spec } from "../../lib/flags.ts";
import { openEngine } from "../../lib/open_engine.ts";
import { kdStep } from "./kd_step.ts";

/** What one process measures. */
export interface StepTime {
  /** `retort`, or `torch` and its version. */
  readonly framework: string;
  /** Teacher and student, e.g. `vgg13-vgg8`. */
  readonly pair: string;
  /** Images in a step. */
  readonly batch: number;
  /** What convolutions and products are done in. */
  readonly precision: string;
  /** Milliseconds of the fastest step. */
  readonly min_ms: number;
  /** Milliseconds of the step in the middle. */
  readonly median_ms: number;
}

/** What one process of ours measures. */
export interface OurStepTime extends StepTime {
  /** Milliseconds from the start of the process to the end of the first step, loading and tracing included. */
  readonly first_ms: number;
}

const FLAGS = {
  pair: { type: "string", help: "teacher and student; vgg13-vgg8" },
  batch: { type: "integer", least: 1, help: "images in a step; 64" },
  steps: { type: "integer", least: 1, help: "steps that are timed, after three that are not; 15" },
  precision: { type: "string", choices: ["float32", "bfloat16"], help: "what convolutions compute in; float32" },
  threads: { type: "integer", least: 1, help: "threads; all cores" },
  since: { type: "number", help: "when the process was started, in milliseconds since 1970; when Deno says it was" },
} as const satisfies Spec;

/** Steps that are not timed, as many as PyTorch's. */
const WARM = 3;

async function main(args: readonly string[]): Promise<void> {
  const given = flags(args, FLAGS);
  if (given.help) return console.log(help("deno run -A tests/bench/step.ts", FLAGS));
  const { pair = "vgg13-vgg8", batch = 64, steps = 15, precision = "float32", threads } = given;
  const { since = performance.timeOrigin } = given;
  const { engine } = await openEngine({ precision, threads });
  const step = await kdStep(engine, pair, batch), times: number[] = [];
  let first = 0;
  for (let i = 0; i < WARM + steps; i++) {
    const begun = performance.now();
    await step();
    if (i === 0) first = performance.timeOrigin + performance.now() - since;
    if (i >= WARM) times.push(performance.now() - begun);
  }
  engine.close();
  times.sort((a, b) => a - b);
  const [min_ms, median_ms, first_ms] = [times[0], times[times.length >> 1], first].map((ms) => +ms.toFixed(1));
  const time: OurStepTime = { framework: "retort", pair, batch, precision, min_ms, median_ms, first_ms };
  console.log(JSON.stringify(time));
}

if (import.meta.main) await command(() => main(Deno.args));
