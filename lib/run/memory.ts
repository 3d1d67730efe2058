import type { Experiment } from "../experiment/experiment.ts";
import { compileSteps } from "../training/compile_steps.ts";
import { trainInputs } from "../training/train_inputs.ts";
import { groupMemory } from "./control_group.ts";
import type { Prepared } from "./prepare.ts";
import { scheduleOf, type Settings } from "./settings.ts";
import { SOLE_WORKER } from "./workers.ts";

/** The memory of a machine and of a trial's step, in bytes. */
export interface StepMemory {
  /** Memory that steps may use: what is free, and what earlier steps of this process have left. */
  readonly available: number;
  /** The most that a step of one trial and its teachers takes. */
  readonly step: number;
}

/** The part of the available memory that a cohort may use. The rest is for saves and evaluations. */
const SHARE = 0.8;

/** The number of such trials whose step fits into memory together, at least one. */
export function fittingTrials({ available, step }: StepMemory): number {
  return Math.max(1, Math.floor(SHARE * available / Math.max(step, 1)));
}

/** Says how many of so many trials train together, and why. */
export function describeStepMemory(
  { available, step }: StepMemory,
  taken: number,
  trials: number,
): string {
  const [free, each] = [available, step].map((bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`);
  return `${each} for a step of one trial, ${free} free: ${taken} of ${trials} train together`;
}

/**
 * The bytes of this process before its first step, or later if it has released memory. TensorFlow
 * keeps what steps take for later ones, which would seem to take nothing if they were measured by
 * the growth of the process.
 */
let ground = Infinity;

/** The most that a step has taken in this process: as much may have been kept. */
let most = 0;

/** What a step of each experiment takes at most, as measured in this process. */
const measured = new WeakMap<Experiment, number>();

/**
 * Measures the memory that limits a cohort of trials of these experiments. `undefined` for a single
 * trial, which trains whatever it takes. Unless this process knows what all of them take, runs a
 * training step of the trial with the most variables, and gives these their initial values again.
 * Measures main memory only, not a GPU's.
 */
export async function measureStepMemory(
  prepared: Prepared,
  experiments: readonly Experiment[],
  settings: Settings,
): Promise<StepMemory | undefined> {
  const before = Deno.memoryUsage().rss;
  ground = Math.min(ground, before);
  if (experiments.length === 1) return undefined;
  const available = availableMemory() + before - ground;
  if (!experiments.every((experiment) => measured.has(experiment))) {
    most = Math.max(most, await peakOfStep(prepared, experiments[0], settings) - ground);
    for (const experiment of experiments) {
      if (!measured.has(experiment)) measured.set(experiment, most);
    }
  }
  return { available, step: Math.max(...experiments.map((one) => measured.get(one)!)) };
}

/** The most bytes of this process during a step of the trial with the most variables. */
async function peakOfStep(
  { engine, assemblies, train, opened, task, seed }: Prepared,
  experiment: Experiment,
  settings: Settings,
): Promise<number> {
  const source = { task, split: train, image: opened.image };
  const schedules = [scheduleOf(experiment, settings)];
  const largest = assemblies.reduce((a, b) => b.state.length > a.state.length ? b : a);
  const { step } = compileSteps(engine, [largest]);
  let peak = 0;
  const look = () => peak = Math.max(peak, Deno.memoryUsage().rss);
  const watch = setInterval(look, PERIOD);
  try {
    const { share } = settings.workers ?? SOLE_WORKER;
    const inputsOfStep = trainInputs(source, schedules, seed, START, 1, share);
    for await (const inputs of inputsOfStep) await step(inputs);
  } finally {
    clearInterval(watch);
  }
  look();
  await engine.hold([...largest.variables.values()]);
  return peak;
}

/** Milliseconds between two looks at the size of this process. */
const PERIOD = 5;

const START = { epoch: 1, batch: 0, step: 0 };

/** Bytes that this process may still use: of the machine, and of its control groups on Linux. */
export function availableMemory(): number {
  return Math.min(Deno.systemMemoryInfo().available, groupMemory());
}
