/**
 * What a queue of trials costs: its steps, its time on one machine and on several, and its longest
 * chain of teachers and students.
 *
 * @module
 */
import type { DatasetSizes } from "../data/dataset.ts";
import { epochSize } from "../data/epoch.ts";
import { type Experiment, networkOf } from "../experiment/experiment.ts";
import { readTrials } from "../project/result.ts";
import { runLength } from "../training/run_length.ts";
import { canonical } from "../values/json.ts";
import { summary } from "../values/statistics.ts";
import type { NamedPart } from "../values/words.ts";
import { longestChain, makespan, type PlannedJob } from "./list_scheduling.ts";
import { buildsOn, type QueuedTrial } from "./queue.ts";
import type { Settings } from "./settings.ts";
import { sizesOf, stepMultiplyAdds, timeUntrainedStep } from "./untrained_step.ts";

/**
 * Where the time of a step is from. `recorded`: from trials of the same experiment, on whatever
 * machine, each its share of its cohort's step. `measured`: timed now, alone. `estimated`: timed now
 * with fewer images, or scaled by multiply-adds from other experiments.
 */
export type TimeSource = "recorded" | "measured" | "estimated";

/** A trial of a plan. */
export interface PlannedTrial {
  readonly trial: QueuedTrial;
  /** The number of its training steps that are left. */
  readonly steps: number;
  /** Seconds of one of them. */
  readonly stepSeconds: number;
  readonly source: TimeSource;
  /** Seconds of all of them, without evaluations. */
  readonly seconds: number;
}

/** What a queue costs. */
export interface Plan {
  /** The trials, in the queue's order. */
  readonly trials: readonly PlannedTrial[];
  /** The trials that train together. The time of a cohort is the sum of theirs. */
  readonly cohorts: readonly (readonly PlannedTrial[])[];
  /** The number of all steps that are left. */
  readonly steps: number;
  /** Seconds of all trials, one after the other. */
  readonly seconds: number;
  /** Seconds until the last cohort ends on so many machines. */
  readonly onMachines: (machines: number) => number;
  /** The same if no trials train together, so that more machines have something to do. */
  readonly aloneOnMachines: (machines: number) => number;
  /** The longest chain of trials that build on each other. */
  readonly criticalPath: { readonly seconds: number; readonly trials: readonly PlannedTrial[] };
}

/** How a plan is made. */
export interface PlanOptions {
  /** Divides a queue into the trials that train together, in order. */
  readonly groupCohorts: (waiting: readonly QueuedTrial[]) => readonly (readonly QueuedTrial[])[];
  /** Whether to time one experiment at most, and to scale the others' times. */
  readonly estimate: boolean;
  readonly settings: Settings;
}

/**
 * Plans the training of a queue. Times a step of each distinct combination of data, networks,
 * method, batch and optimiser, whatever its rates, that has no recorded trials. Reads no images,
 * unless a data set does not declare its sizes. Rejects with a `Failure` if a result is malformed,
 * or such a data set is missing (exit 3).
 */
export async function planQueue(
  waiting: readonly QueuedTrial[],
  { groupCohorts, estimate, settings }: PlanOptions,
): Promise<Plan> {
  const sizes = new Map<Experiment["dataset"], DatasetSizes>();
  for (const { experiment: { dataset } } of waiting) {
    if (!sizes.has(dataset)) sizes.set(dataset, await sizesOf(dataset, settings));
  }
  const times = await stepTimes(waiting, sizes, estimate, settings);
  const planned = new Map<QueuedTrial, PlannedTrial>();
  for (const trial of waiting) {
    const { experiment } = trial;
    const { dataset, schedule } = experiment;
    const size = sizes.get(dataset)!.train - dataset.holdout;
    const images = epochSize({ size, repeats: dataset.repeats });
    const steps = runLength(images, schedule).total - await savedSteps(trial);
    const { seconds: stepSeconds, source } = times.get(experiment)!;
    planned.set(trial, { trial, steps, stepSeconds, source, seconds: steps * stepSeconds });
  }
  const trials = [...planned.values()];
  const cohorts = groupCohorts(waiting).map((cohort) => cohort.map((one) => planned.get(one)!));
  const jobs = jobsOf(cohorts);
  const alone = jobsOf(trials.map((trial) => [trial]));
  const chain = longestChain(alone);
  return {
    ...{ trials, cohorts, seconds: secondsOf(trials) },
    steps: trials.reduce((sum, { steps }) => sum + steps, 0),
    onMachines: (machines) => makespan(jobs, machines),
    aloneOnMachines: (machines) => makespan(alone, machines),
    criticalPath: { seconds: chain.seconds, trials: chain.jobs.map((i) => trials[i]) },
  };
}

/** The number of steps after which the run of a trial goes on. */
async function savedSteps({ state, folder }: QueuedTrial): Promise<number> {
  return state === "begun" ? (await folder.latest())!.progress.step : 0;
}

function secondsOf(trials: readonly PlannedTrial[]): number {
  return trials.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Groups of trials as jobs, each after those that its trials build on. */
function jobsOf(groups: readonly (readonly PlannedTrial[])[]): PlannedJob[] {
  return groups.map((group) => {
    const after = Array.from(groups.keys()).filter((i) =>
      group.some(({ trial }) => groups[i].some(({ trial: other }) => buildsOn(trial, other)))
    );
    return { seconds: secondsOf(group), after };
  });
}

/** The time of a step, and where it is from. */
interface SourcedTime {
  readonly seconds: number;
  readonly source: TimeSource;
}

/** The time of a step of each experiment of a queue. */
async function stepTimes(
  waiting: readonly QueuedTrial[],
  sizes: ReadonlyMap<Experiment["dataset"], DatasetSizes>,
  estimate: boolean,
  settings: Settings,
): Promise<Map<Experiment, SourcedTime>> {
  const multiplyAdds = (experiment: Experiment) =>
    stepMultiplyAdds(experiment, sizes.get(experiment.dataset)!);
  const known = new Map<string, SourcedTime>();
  const byCost = Map.groupBy(waiting, ({ experiment }) => costKey(experiment));
  const unknown: [string, Experiment][] = [];
  for (const [key, trials] of byCost) {
    const recorded = await recordedSeconds(trials, settings);
    if (recorded === undefined) unknown.push([key, trials[0].experiment]);
    else known.set(key, { seconds: recorded, source: "recorded" });
  }
  unknown.sort(([, a], [, b]) => multiplyAdds(a) - multiplyAdds(b));
  // Estimates need one number to start from. The middle one is nearest to the others.
  const timed = !estimate
    ? unknown.splice(0)
    : known.size > 0
    ? []
    : unknown.splice(Math.floor(unknown.length / 2), 1);
  for (const [i, [key, experiment]] of timed.entries()) {
    const { status } = settings;
    status.update(i / timed.length, `timing a step, ${i + 1} of ${timed.length}`);
    const { seconds, images } = await timeUntrainedStep(
      experiment,
      sizes.get(experiment.dataset)!,
      settings,
    );
    const isWhole = images === experiment.schedule.batch;
    known.set(key, { seconds, source: isWhole ? "measured" : "estimated" });
  }
  settings.status.close();
  const all = Array.from(known, ([key, { seconds }]) => ({
    seconds,
    multiplyAdds: multiplyAdds(byCost.get(key)![0].experiment),
  }));
  const pace = all.reduce((sum, { seconds }) => sum + seconds, 0) /
    all.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
  for (const [key, experiment] of unknown) {
    known.set(key, { seconds: pace * multiplyAdds(experiment), source: "estimated" });
  }
  return new Map(
    waiting.map(({ experiment }) => [experiment, known.get(costKey(experiment))!]),
  );
}

/** The options of a schedule that leave the cost of a step as it is. */
const FREE: ReadonlySet<string> = new Set([
  ...["epochs", "iterations", "lr", "rate", "drops"],
  ...["momentum", "weightDecay", "betas", "epsilon"],
]);

/** A text that is the same for experiments whose steps cost the same. */
function costKey({ dataset, student, teachers, distiller, schedule }: Experiment): string {
  const part = ({ id, options }: NamedPart) => ({ id, options });
  const options = Object.entries(schedule.options ?? {}).filter(([name]) => !FREE.has(name));
  return canonical({
    dataset: part(dataset),
    networks: [student, ...teachers.map(networkOf)].map(part),
    distiller: part(distiller),
    schedule: { id: schedule.id, options },
  });
}

/**
 * The mean time of a step in the recorded trials of these trials' experiments, with the settings'
 * precision and backend, each on a machine of its own. `undefined` if there are none.
 */
async function recordedSeconds(
  trials: readonly QueuedTrial[],
  { precision = "float32", backend = "tensorflow" }: Settings,
): Promise<number | undefined> {
  const experiments = new Map(trials.map((trial) => [trial.experiment, trial]));
  const times: number[] = [];
  for (const { root, identity: { id }, declaration } of experiments.values()) {
    const recorded = await readTrials(root, id);
    const alike = recorded.filter((one) =>
      one.declaration === declaration && one.precision === precision &&
      one.backend === backend && one.workers === undefined &&
      // Most of its time may be the tracing of its first step.
      !(one.quick && one.epochs === 1)
    );
    times.push(...alike.flatMap(({ stepSeconds }) => stepSeconds ?? []));
  }
  return summary(times)?.mean;
}
