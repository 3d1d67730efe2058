import type { Experiment } from "../experiment/experiment.ts";
import type { Model } from "../nn/network.ts";
import { prepare, type Prepared } from "./prepare.ts";
import type { Queued } from "./queue.ts";
import { resolveRun } from "./resolve.ts";
import type { Schedule } from "../experiment/schedule.ts";
import { scheduleOf, type Settings } from "./settings.ts";
import { previewStages } from "./first_stages.ts";
import { clock } from "../terminal/status.ts";
import { previewTeacher } from "./teachers.ts";
import { batchCount, trainInputs } from "../training/train_inputs.ts";

/**
 * The trials that a run would train, in lines: each with its epochs, what is there of it and why it
 * is needed.
 */
export function queueLines(waiting: readonly Queued[]): string[] {
  if (waiting.length === 0) return [row("queue", "nothing has to be trained")];
  return waiting.map(({ experiment, identity: { id }, seed, state, quick, settings, need }, i) => {
    const { epochs } = scheduleOf(experiment, settings);
    const cut = quick ? `, ${quick}` : "";
    const why = need ? `${need.role} of ${need.id} seed ${need.seed}` : "asked for";
    return row("queue", `${i + 1}. ${id} seed ${seed}: ${state}${cut}, ${epochs} epochs, ${why}`);
  });
}

/**
 * What a run would do, in lines: everything is resolved, the step is traced and run on a few
 * batches, nothing is written. A missing teacher or first stage takes part untrained.
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
    const rows: [string, string][] = [
      [
        "experiment",
        `${resolved.identity.id} seed ${seed}: ${resolved.state}${
          resolved.quick ? `, ${resolved.quick}` : ""
        }`,
      ],
      ["data", dataOf(experiment, prepared)],
      ["student", sizeOf(prepared.student)],
      ...teachers.map((
        { text },
        i,
      ): [string, string] => ["teacher", `${sizeOf(prepared.teachers[i])}; ${text}`]),
      ...stages.lines.map((line): [string, string] => ["first stage", line]),
      ["distiller", `${experiment.distiller.id} ${JSON.stringify(experiment.distiller.options)}`],
      ...await costs(prepared, scheduleOf(experiment, settings), seed, settings.limit, [
        "evaluation",
        ...teachers.every(({ weights }) => weights) ? [] : ["teachers"],
        ...stages.areThere ? [] : ["first stages"],
      ]),
      ["folder", resolved.folder.path],
    ];
    return rows.map(([name, value]) => row(name, value));
  } finally {
    prepared.close();
  }
}

const row = (name: string, value: string): string => `${name.padEnd(11)} ${value}`;

/** What is learned from, and how much of it. */
function dataOf(
  { dataset }: Experiment,
  { train, heldOut, opened: { test, classes, image } }: Prepared,
): string {
  return `${dataset.id}: ${train.size} train${
    heldOut ? ` + ${heldOut.split.size} held out` : ""
  }, ` +
    `${test.size} test, ${classes.length} classes, ${image.join("×")}`;
}

/** A network and how large it is. */
function sizeOf({ recipe: { id }, parameters, multiplyAdds }: Model): string {
  return `${id}, ${parameters.toLocaleString("en")} parameters, ${
    multiplyAdds.toLocaleString("en")
  } multiply-adds`;
}

/**
 * The terms, the schedule, and how long a step and all of them take; `without` names what comes on
 * top.
 */
async function costs(
  prepared: Prepared,
  schedule: Schedule,
  seed: number,
  limit: number | undefined,
  without: readonly string[],
): Promise<[string, string][]> {
  const { terms, first, fastest } = await timedSteps(prepared, schedule, seed);
  const count = batchCount(prepared.train.size, schedule, limit);
  return [
    ["terms", terms.join(", ")],
    [
      "schedule",
      `${schedule.epochs} epochs of ${count} batches of ${schedule.batch}, lr ${rates(schedule)}`,
    ],
    [
      "a step",
      `${fastest.toFixed(1)} ms (tracing and the first one ${(first / 1000).toFixed(1)} s)`,
    ],
    [
      "in all",
      `${clock(fastest * count * schedule.epochs / 1000)} without ${without.join(" and ")}`,
    ],
  ];
}

/** Steps that are timed; the first one traces and does not count. */
const STEPS = 4;

/** A run's first steps. */
interface TimedSteps {
  /** The terms of the last one, with their values. */
  readonly terms: readonly string[];
  /** Milliseconds of the first one, which traces. */
  readonly first: number;
  /** Milliseconds of the fastest one after it; of the first one where there is no other. */
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

/** Changes of the learning rate that are shown one by one. */
const CHANGES = 8;

/**
 * The learning rates of a schedule at the beginnings of epochs and the epochs from which they hold;
 * of many the first, the highest and the last.
 */
function rates({ epochs, rate }: Schedule): string {
  const all = Array.from({ length: epochs }, (_, i) => ({ epoch: i + 1, lr: rate(i + 1) }));
  const changes = all.filter(({ lr }, i) => i === 0 || lr !== all[i - 1].lr);
  const text = ({ epoch, lr }: typeof all[number]) =>
    `${+lr.toPrecision(6)}${epoch > 1 ? ` from ${epoch}` : ""}`;
  if (changes.length <= CHANGES) return changes.map(text).join(", ");
  const highest = changes.reduce((a, b) => b.lr > a.lr ? b : a);
  return [...new Set([changes[0], highest, changes[changes.length - 1]])].map(text).join(" … ");
}
