import type { Experiment } from "../experiment/experiment.ts";
import type { Model } from "../nn/network.ts";
import { prepare, type Prepared } from "./prepare.ts";
import type { QueuedTrial } from "./queue.ts";
import { resolveRun } from "./resolve.ts";
import type { Schedule } from "../experiment/schedule.ts";
import { scheduleOf, type Settings } from "./settings.ts";
import { previewStages } from "./first_stages.ts";
import { clock } from "../terminal/status.ts";
import { previewTeacher } from "./teachers.ts";
import { batchCount, trainInputs } from "../training/train_inputs.ts";

/** Describes the trials that a run would train, one line each: state, epochs, why it is needed. */
export function queueLines(waiting: readonly QueuedTrial[]): string[] {
  if (waiting.length === 0) return [formatRow("queue", "nothing has to be trained")];
  return waiting.map(({ experiment, identity: { id }, seed, state, quick, settings, need }, i) => {
    const { epochs } = scheduleOf(experiment, settings);
    const standing = quick ? `${state}, ${quick}` : state;
    const reason = need ? `${need.role} of ${need.id} seed ${need.seed}` : "asked for";
    const text = `${i + 1}. ${id} seed ${seed}: ${standing}, ${epochs} epochs, ${reason}`;
    return formatRow("queue", text);
  });
}

/**
 * Describes in lines what a run would do. Resolves everything, traces the step and runs it on a few
 * batches, but writes nothing. A missing teacher or first stage takes part untrained.
 */
export async function dryRun(
  experiment: Experiment,
  seed: number,
  settings: Settings,
): Promise<string[]> {
  const resolved = await resolveRun(experiment, seed, settings);
  const teachers = await Promise.all(
    experiment.teachers.map((teacher) => previewTeacher(teacher, resolved.root, settings)),
  );
  const stages = await previewStages(experiment, settings);
  const weights = teachers.map(({ weights }) => weights);
  const prepared = await prepare(experiment, seed, weights, stages, { ...settings, dry: true });
  try {
    const { identity: { id }, state, quick, folder } = resolved;
    const { distiller } = experiment;
    const excluded = [
      "evaluation",
      ...teachers.every(({ weights }) => weights) ? [] : ["teachers"],
      ...stages.areThere ? [] : ["first stages"],
    ];
    const schedule = scheduleOf(experiment, settings);
    const rows: Row[] = [
      ["experiment", `${id} seed ${seed}: ${state}${quick ? `, ${quick}` : ""}`],
      ["data", describeData(experiment, prepared)],
      ["student", describeModel(prepared.student)],
      ...teachers.map(({ text }, i): Row => [
        "teacher",
        `${describeModel(prepared.teachers[i])}; ${text}`,
      ]),
      ...stages.lines.map((line): Row => ["first stage", line]),
      ["distiller", `${distiller.id} ${JSON.stringify(distiller.options)}`],
      ...await costRows(prepared, schedule, seed, settings.limit, excluded),
      ["folder", folder.path],
    ];
    return rows.map(([name, value]) => formatRow(name, value));
  } finally {
    prepared.close();
  }
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

/**
 * The rows of the terms, the schedule, and the time of one step and of all steps. `excluded` names
 * the work whose time is not included.
 */
async function costRows(
  prepared: Prepared,
  schedule: Schedule,
  seed: number,
  limit: number | undefined,
  excluded: readonly string[],
): Promise<Row[]> {
  const { terms, first, fastest } = await timedSteps(prepared, schedule, seed);
  const count = batchCount(prepared.train.size, schedule, limit);
  return [
    ["terms", terms.join(", ")],
    [
      "schedule",
      `${schedule.epochs} epochs of ${count} batches of ${schedule.batch}, lr ${
        describeRates(schedule)
      }`,
    ],
    [
      "a step",
      `${fastest.toFixed(1)} ms (tracing and the first one ${(first / 1000).toFixed(1)} s)`,
    ],
    [
      "in all",
      `${clock(fastest * count * schedule.epochs / 1000)} without ${excluded.join(" and ")}`,
    ],
  ];
}

/** The number of steps to run. The first one traces and does not count. */
const STEPS = 4;

/** The times of a run's first steps. */
interface TimedSteps {
  /** The terms of the last step, with their values. */
  readonly terms: readonly string[];
  /** Milliseconds of the first step, which traces. */
  readonly first: number;
  /** Milliseconds of the fastest later step, or of the first one if it is the only one. */
  readonly fastest: number;
}

async function timedSteps(
  prepared: Prepared,
  schedule: Schedule,
  seed: number,
): Promise<TimedSteps> {
  const times: number[] = [];
  let terms: string[] = [];
  const { train, opened, parts: { task } } = prepared;
  const source = { task, split: train, image: opened.image };
  for await (
    const inputs of trainInputs(source, schedule, seed, { epoch: 1, batch: 0, step: 0 }, STEPS)
  ) {
    const begun = performance.now();
    const values = await prepared.step(inputs);
    times.push(performance.now() - begun);
    terms = Object.entries(values.terms).map(([name, [value]]) => `${name} ${value.toFixed(4)}`);
  }
  const [first, ...others] = times;
  return { terms, first, fastest: others.length > 0 ? Math.min(...others) : first };
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
