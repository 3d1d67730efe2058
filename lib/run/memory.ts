import type { Experiment } from "../experiment/experiment.ts";
import { compileSteps } from "../training/compile_steps.ts";
import { trainInputs } from "../training/train_inputs.ts";
import type { Prepared } from "./prepare.ts";
import { scheduleOf, type Settings } from "./settings.ts";

/** The memory of a machine and of a trial's step, in bytes. */
export interface StepMemory {
  /** Free memory before the step. */
  readonly available: number;
  /** Growth of this process during a step of one trial and its teachers. */
  readonly step: number;
}

/** The part of the free memory that a cohort may use. The rest is for saves and evaluations. */
const SHARE = 0.8;

/** The number of such trials whose step fits into memory together, at least one. */
export function fittingTrials({ available, step }: StepMemory): number {
  return Math.max(1, Math.floor(SHARE * available / Math.max(step, 1)));
}

/** Whether memory limits how many of so many trials train together. */
export function isLimitedByMemory({ cohort = "auto" }: Settings, trials: number): boolean {
  return cohort === "auto" && trials > 1;
}

/**
 * Measures the memory of a training step of the trial with the most variables, and then gives these
 * their initial values again. Measures main memory only, not a GPU's.
 */
export async function measureStepMemory(
  { engine, assemblies, train, opened, task, seed }: Prepared,
  experiment: Experiment,
  settings: Settings,
): Promise<StepMemory> {
  const source = { task, split: train, image: opened.image };
  const schedules = [scheduleOf(experiment, settings)];
  const largest = assemblies.reduce((a, b) => b.state.length > a.state.length ? b : a);
  const { step } = compileSteps(engine, [largest]);
  const available = availableMemory();
  const before = Deno.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => peak = Math.max(peak, Deno.memoryUsage().rss), PERIOD);
  try {
    for await (const inputs of trainInputs(source, schedules, seed, START, 1)) await step(inputs);
  } finally {
    clearInterval(watch);
  }
  peak = Math.max(peak, Deno.memoryUsage().rss);
  await engine.hold([...largest.variables.values()]);
  return { available, step: peak - before };
}

/** Milliseconds between two looks at the size of this process. */
const PERIOD = 5;

const START = { epoch: 1, batch: 0, step: 0 };

/** Bytes that this process may still use: of the machine, and of its control group on Linux. */
export function availableMemory(): number {
  const { available } = Deno.systemMemoryInfo();
  const [limit, used] = ["max", "current"].map((name) => readBytes(`memory.${name}`));
  return limit === undefined || used === undefined ? available : Math.min(available, limit - used);
}

/** Reads a number of this control group. `undefined` if there is none, or no limit. */
function readBytes(name: string): number | undefined {
  try {
    const bytes = Number(Deno.readTextFileSync(`/sys/fs/cgroup/${name}`));
    return Number.isFinite(bytes) ? bytes : undefined;
  } catch {
    return undefined;
  }
}
