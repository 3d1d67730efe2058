import type { Schedule } from "../experiment/schedule.ts";
import type { BatchSource } from "../training/batches.ts";
import type { Steps } from "../training/compile_steps.ts";
import { trainInputs } from "../training/train_inputs.ts";

/** The number of steps to run. The first one traces and does not count. */
const STEPS = 4;

/** The times of a run's first steps. */
export interface TimedSteps {
  /** Milliseconds of the first step, which traces. */
  readonly first: number;
  /** Milliseconds of the fastest later step, or of the first one if it is the only one. */
  readonly fastest: number;
  /** The values of the last step. */
  readonly values: Awaited<ReturnType<Steps["step"]>>;
}

/** Times a few training steps from the beginning of a run, of trials with these schedules. */
export async function timeSteps(
  { step }: Pick<Steps, "step">,
  source: BatchSource,
  schedules: readonly Schedule[],
  seed: number,
): Promise<TimedSteps> {
  const times: number[] = [];
  let values: TimedSteps["values"] = {};
  const start = { epoch: 1, batch: 0, step: 0 };
  for await (const inputs of trainInputs(source, schedules, seed, start, STEPS)) {
    const begun = performance.now();
    values = await step(inputs);
    times.push(performance.now() - begun);
  }
  const [first, ...others] = times;
  return { first, fastest: others.length > 0 ? Math.min(...others) : first, values };
}
