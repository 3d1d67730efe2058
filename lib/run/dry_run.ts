import { epochSize } from "../data/epoch.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { Schedule } from "../experiment/schedule.ts";
import type { Model } from "../nn/network.ts";
import { clock } from "../terminal/status.ts";
import type { Assembly } from "../training/assemble.ts";
import { compileSteps } from "../training/compile_steps.ts";
import { batchCount } from "../training/train_inputs.ts";
import { cohorts, mostTogether } from "./cohorts.ts";
import { checkDeclaredData } from "./declared_data.ts";
import { previewStages, type StagesPreview } from "./first_stages.ts";
import { listLearned } from "./learned.ts";
import { fittingTrials, isLimitedByMemory, measureStepMemory, type StepMemory } from "./memory.ts";
import { prepare, type Prepared, type TrialSource } from "./prepare.ts";
import { checkCode, isSameTrial, queue, type QueuedTrial, type RequestedTrial } from "./queue.ts";
import { type Resolved, resolveRun } from "./resolve.ts";
import { scheduleOf, type Settings } from "./settings.ts";
import { stopIfInterrupted } from "./stop.ts";
import { previewTeacher, type TeacherPreview } from "./teachers.ts";
import { type TimedSteps, timeSteps } from "./time_steps.ts";

/**
 * Describes the trials that a run would train, one line each: the number of its cohort, state,
 * epochs, why it is needed.
 */
export function queueLines(planned: readonly (readonly QueuedTrial[])[]): string[] {
  if (planned.length === 0) return [formatRow("queue", "nothing has to be trained")];
  return planned.flatMap((cohort, i) =>
    cohort.map(({ experiment, identity: { id }, seed, state, quick, settings, need }) => {
      const { epochs } = scheduleOf(experiment, settings);
      const standing = quick ? `${state}, ${quick}` : state;
      const reason = need ? `${need.role} of ${need.id} seed ${need.seed}` : "asked for";
      const others = cohort.length - 1;
      const together = others === 0 ? "" : `, with ${others} other${others === 1 ? "" : "s"}`;
      const text = `${id} seed ${seed}: ${standing}, ${epochs} epochs, ${reason}${together}`;
      return formatRow("queue", `${i + 1}. ${text}`);
    })
  );
}

/**
 * Describes in lines what a run of these trials would do: its queue, then each cohort in which one
 * of them trains. Writes nothing.
 */
export async function dryRunAll(
  asked: readonly RequestedTrial[],
  settings: Settings,
): Promise<string[]> {
  const waiting = await queue(asked, settings);
  await checkDeclaredData(waiting, settings);
  await checkCode(waiting);
  const planned = cohorts(waiting, mostTogether(settings));
  const lines = queueLines(planned);
  const isIn = (cohort: readonly RequestedTrial[], trial: RequestedTrial) =>
    cohort.some((one) => isSameTrial(one, trial));
  const done = asked.filter((trial) => !planned.some((cohort) => isIn(cohort, trial)));
  const shown = planned.filter((cohort) => asked.some((trial) => isIn(cohort, trial)));
  for (const cohort of [...shown, ...done.map((trial) => [trial])]) {
    await stopIfInterrupted(settings, "interrupted");
    lines.push(...await dryRun(cohort, settings));
  }
  return lines;
}

/**
 * Describes in lines what a run of trials that train together would do. Resolves everything, traces
 * the step and runs it on a few batches, but writes nothing. A missing teacher or first stage takes
 * part untrained.
 */
export async function dryRun(
  trials: readonly RequestedTrial[],
  settings: Settings,
): Promise<string[]> {
  const [{ experiment: first, seed }] = trials;
  const previews: TrialPreview[] = [];
  for (const trial of trials) previews.push(await previewTrial(trial, settings));
  const prepared = await prepare(previews, seed, { ...settings, dry: true });
  try {
    const measured = isLimitedByMemory(settings, trials.length)
      ? await measureStepMemory(prepared, first, settings)
      : undefined;
    const taken = previews.slice(0, measured && fittingTrials(measured));
    const schedules = taken.map(({ experiment }) => scheduleOf(experiment, settings));
    const { engine, assemblies, train, opened, task } = prepared;
    const steps = compileSteps(engine, assemblies.slice(0, taken.length));
    const source = { task, split: train, image: opened.image };
    const times = await timeSteps(steps, source, schedules, seed);
    const terms = describeTerms(times.values);
    const rows = taken.flatMap((preview, i): Row[] => [
      ...trialRows(preview, prepared, prepared.assemblies[i]),
      ["terms", terms[i]],
      ["schedule", describeSchedule(schedules[i], epochSize(train), settings.limit)],
      ["folder", preview.resolved.folder.path],
    ]);
    if (measured) rows.push(["memory", describeMemory(measured, taken.length, trials.length)]);
    rows.push(...costRows(times, schedules, epochSize(train), settings.limit, taken));
    return rows.map(([name, value]) => formatRow(name, value));
  } finally {
    prepared.close();
  }
}

/** A trial in a dry run, with its teachers and first stages as far as they exist. */
interface TrialPreview extends TrialSource {
  readonly resolved: Resolved;
  readonly teachers: readonly TeacherPreview[];
  readonly stages: StagesPreview;
}

async function previewTrial(
  { experiment, seed }: RequestedTrial,
  settings: Settings,
): Promise<TrialPreview> {
  const resolved = await resolveRun(experiment, seed, settings);
  const teachers = await Promise.all(
    experiment.teachers.map((teacher) => previewTeacher(teacher, resolved.root, settings)),
  );
  const stages = await previewStages(experiment, settings);
  const learned = await listLearned(resolved, settings);
  return { experiment, resolved, teachers, stages, learned };
}

/** The rows of what a trial consists of. */
function trialRows(
  { experiment, resolved, teachers, stages }: TrialPreview,
  prepared: Prepared,
  assembly: Assembly,
): Row[] {
  const { identity: { id }, seed, state, quick } = resolved;
  const { distiller } = experiment;
  return [
    ["experiment", `${id} seed ${seed}: ${state}${quick ? `, ${quick}` : ""}`],
    ["data", describeData(experiment, prepared)],
    ["student", describeModel(assembly.student)],
    ...teachers.map(({ text }, i): Row => [
      "teacher",
      `${describeModel(assembly.teachers[i])}; ${text}`,
    ]),
    ...stages.lines.map((line): Row => ["first stage", line]),
    ["distiller", `${distiller.id} ${JSON.stringify(distiller.options)}`],
  ];
}

type Row = [name: string, value: string];

const formatRow = (name: string, value: string): string => `${name.padEnd(11)} ${value}`;

function describeData(
  { dataset }: Experiment,
  { train, heldOut, opened: { test, classes, image } }: Prepared,
): string {
  return `${dataset.id}: ${train.size} train${
    heldOut ? ` + ${heldOut.split.size} held out` : ""
  }, ` +
    `${test.size} test, ${classes.length} classes, ${image.join("×")}`;
}

function describeModel({ recipe: { id }, parameters, multiplyAdds }: Model): string {
  return `${id}, ${parameters.toLocaleString("en")} parameters, ${
    multiplyAdds.toLocaleString("en")
  } multiply-adds`;
}

function describeSchedule(schedule: Schedule, images: number, limit: number | undefined): string {
  const { epochs, batch } = schedule;
  const count = batchCount(images, schedule, limit);
  return `${epochs} epochs of ${count} batches of ${batch}, lr ${describeRates(schedule)}`;
}

function describeMemory(
  { available, step }: StepMemory,
  taken: number,
  trials: number,
): string {
  const [free, each] = [available, step].map((bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`);
  return `${each} for a step of one trial, ${free} free: ${taken} of ${trials} train together`;
}

/** The rows of the time of one step and of all steps, of the cohort and of a trial. */
function costRows(
  { first, fastest }: TimedSteps,
  schedules: readonly Schedule[],
  images: number,
  limit: number | undefined,
  taken: readonly TrialPreview[],
): Row[] {
  const [schedule] = schedules;
  const excluded = [
    "evaluation",
    ...taken.every(({ teachers }) => teachers.every(({ weights }) => weights)) ? [] : ["teachers"],
    ...taken.every(({ stages }) => stages.areThere) ? [] : ["first stages"],
  ];
  const all = fastest * batchCount(images, schedule, limit) * schedule.epochs / 1000;
  const n = taken.length;
  const share = (text: string) => n === 1 ? "" : ` for ${n} trials, ${text} a trial`;
  return [
    [
      "a step",
      `${fastest.toFixed(1)} ms${share(`${(fastest / n).toFixed(1)} ms`)} ` +
      `(tracing and the first one ${(first / 1000).toFixed(1)} s)`,
    ],
    ["in all", `${clock(all)}${share(clock(all / n))} without ${excluded.join(" and ")}`],
  ];
}

/** The terms of each trial in a step, with their values. */
function describeTerms(values: TimedSteps["values"]): string[] {
  return Object.values(values).map(({ terms }) =>
    Object.entries(terms).map(([name, [value]]) => `${name} ${value.toFixed(4)}`).join(", ")
  );
}

/** The most changes of the learning rate that are listed one by one. */
const CHANGES = 8;

/**
 * Lists the learning rates at the beginnings of epochs, and the epochs from which they hold. If
 * there are many, lists the first, the highest and the last.
 */
function describeRates({ epochs, rate }: Schedule): string {
  const all = Array.from({ length: epochs }, (_, i) => ({ epoch: i + 1, lr: rate(i + 1) }));
  const changes = all.filter(({ lr }, i) => i === 0 || lr !== all[i - 1].lr);
  const format = ({ epoch, lr }: typeof all[number]) =>
    `${+lr.toPrecision(6)}${epoch > 1 ? ` from ${epoch}` : ""}`;
  if (changes.length <= CHANGES) return changes.map(format).join(", ");
  const highest = changes.reduce((a, b) => b.lr > a.lr ? b : a);
  return [...new Set([changes[0], highest, changes[changes.length - 1]])].map(format).join(" … ");
}
