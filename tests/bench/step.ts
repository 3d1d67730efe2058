/**
 * One process, one measurement of our side of the speed comparison: the step of `torch_step.py` on
 * a pair, of `torch_methods.py` by a method, or one that the papers' own methods are measured by,
 * and how long it takes from the start of the process to the end of the first one. Prints one line
 * of JSON.
 *
 * deno run -A tests/bench/step.ts --pair vgg13-vgg8|--method at|--own "slkd vgg13-vgg8" [--batch
 * 64] [--steps 15] [--precision float32|bfloat16] [--threads N]
 *
 * @module
 */
import { runCommand } from "../../lib/terminal/command.ts";
import { helpText, parseFlags, type Spec } from "../../lib/terminal/flags.ts";
import { openEngine } from "../../lib/engine/open_engine.ts";
import { experimentStep } from "../support/experiment_step.ts";
import { type Case, experimentOf } from "./case.ts";
import { methodOf } from "./methods.ts";
import { ownStepOf } from "./own_steps.ts";

/** What one process measures, beside its case. */
export interface StepTime {
  /** `retort`, or `torch` and its version. */
  readonly framework: string;
  /** Images in a step. */
  readonly batch: number;
  /** Milliseconds of the fastest step. */
  readonly min_ms: number;
  /** Milliseconds of the step in the middle. */
  readonly median_ms: number;
}

/** What one process of ours measures. */
export interface OurStepTime extends StepTime {
  /**
   * Milliseconds from the start of the process to the end of the first step, loading and tracing
   * included.
   */
  readonly first_ms: number;
}

const FLAGS = {
  pair: { type: "string", help: "teacher and student of plain KD; vgg13-vgg8" },
  method: { type: "string", help: "a method on resnet32x4-resnet8x4, in place of a pair" },
  own: {
    type: "string",
    help: "a step that a paper's own method is measured by, in place of both",
  },
  batch: { type: "integer", least: 1, help: "images in a step; 64" },
  steps: { type: "integer", least: 1, help: "steps that are timed, after three that are not; 15" },
  precision: {
    type: "string",
    choices: ["float32", "bfloat16"],
    help: "what convolutions compute in; float32",
  },
  threads: { type: "integer", least: 1, help: "threads; all cores" },
  since: {
    type: "number",
    help: "when the process was started, in milliseconds since 1970; when Deno says it was",
  },
} as const satisfies Spec;

/** Steps that are not timed, as many as PyTorch's. */
const WARM = 3;

async function main(args: readonly string[]): Promise<void> {
  const given = parseFlags(args, FLAGS);
  if (given.help) return console.log(helpText("deno run -A tests/bench/step.ts", FLAGS));
  const {
    pair = "vgg13-vgg8",
    method,
    own,
    batch = 64,
    steps = 15,
    precision = "float32",
    threads,
  } = given;
  const { since = performance.timeOrigin } = given;
  const what: Case = own
    ? { own: ownStepOf(own), precision }
    : method
    ? { method: methodOf(method), precision }
    : { pair, precision };
  const { engine } = await openEngine({ precision, threads });
  const { step } = await experimentStep(engine, experimentOf(what), batch);
  const times: number[] = [];
  let first = 0;
  for (let i = 0; i < WARM + steps; i++) {
    const begun = performance.now();
    await step();
    if (i === 0) first = performance.timeOrigin + performance.now() - since;
    if (i >= WARM) times.push(performance.now() - begun);
  }
  engine.close();
  times.sort((a, b) => a - b);
  const [min_ms, median_ms, first_ms] = [times[0], times[times.length >> 1], first].map((ms) =>
    +ms.toFixed(1)
  );
  const time: Case & OurStepTime = {
    framework: "retort",
    ...what,
    batch,
    min_ms,
    median_ms,
    first_ms,
  };
  console.log(JSON.stringify(time));
}

if (import.meta.main) await runCommand(() => main(Deno.args));
