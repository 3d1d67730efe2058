/**
 * The order of trainings, as a list: every trial that is needed, each before those that build on
 * it.
 *
 * @module
 */
import type { Epoch, Experiment, Trained } from "../experiment/experiment.ts";
import { importWeights } from "../weights/import_weights.ts";
import type { Net } from "../nn/network.ts";
import { type Resolved, resolveRun, resolveTrained } from "./resolve.ts";
import { openWeights, resolveWeights } from "../weights/locate_weights.ts";
import { epochWanted, quickness, type Settings } from "./settings.ts";
import type { ExternalWeights } from "../experiment/weights.ts";
import type { WeightsFile } from "../weights/weights_file.ts";

/** A trial that somebody asks for. */
export interface AskedTrial {
  /** Its experiment. */
  readonly experiment: Experiment;
  /** Its seed. */
  readonly seed: number;
}

/** Whether two are the same trial. */
export function isSameTrial(one: AskedTrial, other: AskedTrial): boolean {
  return one.experiment === other.experiment && one.seed === other.seed;
}

/** Why a trial is trained that nobody asked for, or before its turn. */
export interface Need {
  /** What it is to the trial that builds on it. */
  readonly role: "teacher" | "first stage";
  /** The id of that trial's experiment. */
  readonly id: string;
  /** That trial's seed. */
  readonly seed: number;
}

/** A trial that has to be trained, as it stands. */
export interface Queued extends Resolved {
  /** The epochs whose weights others build on. */
  readonly keep: readonly Epoch[];
  /** How it is run: `fresh` is only for a trial that was asked for. */
  readonly settings: Settings;
  /** Why it is here; undefined: it was asked for. */
  readonly need: Need | undefined;
}

/**
 * The trials that have to be trained for those that are asked for: one entry a trial, each after
 * its teachers and first stages, otherwise in the order asked. A trial that is done is left out,
 * and with it what only it builds on. A full run of a teacher or first stage serves a quick run;
 * where there is none, what makes that one quick makes this one quick. Every epoch is kept that an
 * asked trial, or one that it builds on, wants. Rejects with a `Failure` where a run is damaged
 * (exit 3), or has no such epoch (exit 2).
 */
export async function queue(asked: readonly AskedTrial[], settings: Settings): Promise<Queued[]> {
  const waiting: Queued[] = [];
  const seen = new Set<string>();
  const needed = asked.flatMap(({ experiment }) => listFoundations(experiment));
  const visit = async ({ experiment, seed }: AskedTrial, need?: Need): Promise<void> => {
    const isIt = (other: AskedTrial) => isSameTrial(other, { experiment, seed });
    const own = { ...settings, fresh: settings.fresh && asked.some(isIt) };
    const keep = [...new Set(needed.filter(isIt).map((trained) => epochWanted(trained, settings)))];
    const resolved = await resolveRun(experiment, seed, own, keep);
    const { identity: { id }, folder: { path } } = resolved;
    if (seen.has(path)) return;
    seen.add(path);
    if (resolved.state === "done") return;
    for (const { role, trained } of foundations(experiment)) {
      if (!await isServedByFullRun(trained, settings)) await visit(trained, { role, id, seed });
    }
    waiting.push({ ...resolved, keep, settings: own, need });
  };
  for (const one of asked) await visit(one);
  return waiting;
}

/** Whether a run is quick, and a full run gives it this teacher or first stage. */
async function isServedByFullRun(trained: Trained, settings: Settings): Promise<boolean> {
  if (quickness(trained.experiment, settings) === undefined) return false;
  return (await resolveTrained(trained, settings)).quick === undefined;
}

/**
 * Everything that an experiment builds on: each teacher and first stage, followed by what that one
 * builds on.
 */
export function listFoundations(experiment: Experiment): Trained[] {
  return foundations(experiment).flatMap((
    { trained },
  ) => [trained, ...listFoundations(trained.experiment)]);
}

/** The teachers and first stages of an experiment that other experiments train, in order. */
function foundations(
  { teachers, start, needs }: Experiment,
): { readonly role: Need["role"]; readonly trained: Trained }[] {
  const stages = [...start ? [start] : [], ...needs.map(({ trained }) => trained)];
  return [
    ...teachers.flatMap((teacher) =>
      teacher.kind === "trained" ? [{ role: "teacher" as const, trained: teacher }] : []
    ),
    ...stages.map((trained) => ({ role: "first stage" as const, trained })),
  ];
}

/**
 * Checks, before anything is trained, what the queued trials need and nobody here trains. Data
 * sets: each distinct one is opened once, so downloaded where it may be, and closed. Weights that
 * were trained elsewhere: their file is there (downloaded where it has an address), has the
 * declared sum, can be read and fits the teacher. The first trial is left out, and so is its data
 * set where no later trial has such weights: it checks its own before it trains. Rejects with a
 * `Failure` that names the file or the data set.
 */
export async function checkQueue([first, ...later]: readonly Queued[]): Promise<void> {
  for (const [data, trials] of Map.groupBy(later, dataOf)) {
    const { experiment: { dataset }, settings } = trials[0];
    const files = await givenFiles(trials, settings);
    if (data === dataOf(first) && files.length === 0) continue;
    const opened = await dataset.open(settings.data, settings.log);
    try {
      for (const { network, file } of files) {
        importWeights(network, opened.image, opened.classes.length, file);
      }
    } finally {
      opened.close();
    }
  }
}

/**
 * The contents of the weights from elsewhere that teach in trials, each once, and their networks.
 */
async function givenFiles(
  trials: readonly Queued[],
  { data, status }: Settings,
): Promise<{ readonly network: Net; readonly file: WeightsFile }[]> {
  const roots = new Map<ExternalWeights, string>();
  const files = [];
  for (const { experiment: { teachers }, root } of trials) {
    for (const teacher of teachers) if (teacher.kind === "given") roots.set(teacher, root);
  }
  for (const [given, root] of roots) {
    const file = await openWeights(await resolveWeights(given, root, data), status.line);
    files.push({ network: given.network, file });
  }
  return files;
}

/** A trial's data set, as it is declared. */
function dataOf({ experiment: { dataset: { id, options } } }: Queued): string {
  return JSON.stringify([id, options]);
}
