import { epochSize } from "../data/epoch.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { RunLength, Schedule } from "../experiment/schedule.ts";
import type { Model } from "../nn/network.ts";
import { clock } from "../terminal/status.ts";
import type { Assembly } from "../training/assemble.ts";
import { compileSteps } from "../training/compile_steps.ts";
import { runLength, stepsInEpoch } from "../training/run_length.ts";
import { cohorts, mostTogether } from "./cohorts.ts";
import { checkDeclaredData } from "./declared_data.ts";
import { sayLongOptions } from "./declared_epochs.ts";
import { previewStages, type StagesPreview } from "./first_stages.ts";
import { listLearned } from "./learned.ts";
import { describeStepMemory, fittingTrials, measureStepMemory } from "./memory.ts";
import { prepare, type Prepared, type TrialSource } from "./prepare.ts";
import { checkCode, isSameTrial, queue, type QueuedTrial, type RequestedTrial } from "./queue.ts";
import { type Resolved, resolveRun } from "./resolve.ts";
import { foundationSettings, scheduleOf, type Settings } from "./settings.ts";
import { describeStart, findStart } from "./shorter.ts";
import { stopIfInterrupted } from "./stop.ts";
import { findAside } from "./take_back.ts";
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
  sayLongOptions(waiting, settings);
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
  const [{ seed }] = trials;
  const previews: TrialPreview[] = [];
  for (const trial of trials) previews.push(await previewTrial(trial, settings));
  const prepared = await prepare(previews, seed, { ...settings, dry: true });
  try {
    const experiments = trials.map(({ experiment }) => experiment);
    const memory = await measureStepMemory(prepared, experiments, settings);
    const taken = previews.slice(0, memory && fittingTrials(memory));
    const schedules = taken.map(({ experiment }) => scheduleOf(experiment, settings));
    const { engine, assemblies, train, opened, task } = prepared;
    const steps = compileSteps(engine, assemblies.slice(0, taken.length));
    const source = { task, split: train, image: opened.image };
    const length = runLength(epochSize(train), schedules[0], settings.limit);
    const times = await timeSteps(steps, source, schedules, seed);
    const terms = describeTerms(times.values);
    const starts = await Promise.all(taken.map((preview) => previewStart(preview, prepared)));
    const rows = taken.flatMap((preview, i): Row[] => [
      ...trialRows(preview, prepared, prepared.assemblies[i]),
      ...starts[i],
      ["terms", terms[i]],
      ["schedule", describeSchedule(schedules[i], length)],
      ["folder", preview.resolved.folder.path],
    ]);
    if (memory) rows.push(["memory", describeStepMemory(memory, taken.length, trials.length)]);
    rows.push(...costRows(times, length, taken));
    return rows.map(([name, value]) => formatRow(name, value));
  } finally {
    prepared.close();
  }
}

/** A trial in a dry run, with its teachers and first stages as far as they exist. */
interface TrialPreview extends TrialSource {
  readonly resolved: Resolved;
  readonly settings: Settings;
  readonly teachers: readonly TeacherPreview[];
  readonly stages: StagesPreview;
}

async function previewTrial(
  { experiment, seed }: RequestedTrial,
  settings: Settings,
): Promise<TrialPreview> {
  const resolved = await resolveRun(experiment, seed, settings);
  const foundation = foundationSettings(experiment, settings);
  const teachers = await Promise.all(
    experiment.teachers.map((teacher) => previewTeacher(teacher, resolved.root, foundation)),
  );
  const stages = await previewStages(experiment, resolved.root, foundation);
  const learned = await listLearned(resolved, foundation);
  return { experiment, resolved, settings, teachers, stages, learned };
}

/**
 * The row of the run that a trial would take back, or of a shorter run and whether the trial would
 * go on from it. No row if there is neither.
 */
async function previewStart(
  { resolved, settings, teachers, stages }: TrialPreview,
  prepared: Prepared,
): Promise<Row[]> {
  if (resolved.state !== "missing" && resolved.state !== "stale") return [];
  const found = await findAside(resolved, [], settings);
  if (found) return [["start", `${found.aside.path}, which is ${found.state}, is taken back`]];
  const trial = { ...resolved, settings, keep: [] };
  const start = await findStart(trial, prepared, [...teachers, ...stages.files]);
  return start ? [["start", describeStart(start)]] : [];
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

function describeSchedule(schedule: Schedule, length: RunLength): string {
  const { epochs, batch } = schedule;
  const { steps } = length;
  const last = stepsInEpoch(length, epochs);
  const end = last < steps ? `, the last one of ${last}` : "";
  return `${epochs} epochs of ${steps} batches of ${batch}${end}, lr ${
    describeRates(schedule, length)
  }`;
}

/** The rows of the time of one step and of all steps, of the cohort and of a trial. */
function costRows(
  { first, fastest }: TimedSteps,
  { total }: RunLength,
  taken: readonly TrialPreview[],
): Row[] {
  const excluded = [
    "evaluation",
    ...taken.every(({ teachers }) => teachers.every(({ weights }) => weights)) ? [] : ["teachers"],
    ...taken.every(({ stages }) => stages.areThere) ? [] : ["first stages"],
  ];
  const all = fastest * total / 1000;
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
 * Lists the learning rates at the beginnings of epochs, or of all steps if the schedule declares
 * iterations, and from where they hold. If there are many, lists the first, the highest, the last
 * and those that hold for more than one, or only the first, the highest and the last if these are
 * still many.
 */
function describeRates({ iterations, rate }: Schedule, length: RunLength): string {
  const { steps, total } = length;
  const stride = iterations === undefined ? steps : 1;
  const all = Array.from(
    { length: Math.ceil(total / stride) },
    (_, i) => ({ i, lr: rate(1, i * stride, length) }),
  );
  const changes = all.filter(({ lr, i }) => i === 0 || lr !== all[i - 1].lr);
  const place = (i: number) => iterations === undefined ? ` from ${i + 1}` : ` after ${i} steps`;
  const format = ({ i, lr }: typeof all[number]) => `${+lr.toPrecision(6)}${i > 0 ? place(i) : ""}`;
  if (changes.length <= CHANGES) return changes.map(format).join(", ");
  const highest = changes.reduce((a, b) => b.lr > a.lr ? b : a);
  const ends = [...new Set([changes[0], highest, changes[changes.length - 1]])];
  const kept = changes.filter((one) => ends.includes(one) || all[one.i + 1]?.lr === one.lr);
  return (kept.length <= CHANGES ? kept : ends).map(format).join(" … ");
}
