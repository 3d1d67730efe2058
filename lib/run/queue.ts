/**
 * The queue of trainings: a list of every trial that is needed, each before the trials that build
 * on it.
 *
 * @module
 */
import { basename } from "node:path";
import type { Epoch, Experiment, Trained } from "../experiment/experiment.ts";
import { checkWritable } from "../files/atomic_write.ts";
import {
  changedModules,
  type Resolved,
  resolveRun,
  resolveTrained,
  titleOf,
  trainCommand,
} from "./resolve.ts";
import { ownCode } from "../project/own_code.ts";
import { misplacedResult, readResult, resultPath } from "../project/result.ts";
import { loadedCommit } from "../project/versions.ts";
import { foundationSettings, neededEpoch, quickness, type Settings } from "./settings.ts";
import { Failure } from "../values/failure.ts";

/** A trial that the caller requests. */
export interface RequestedTrial {
  readonly experiment: Experiment;
  readonly seed: number;
}

/** Whether two trials are the same. */
export function isSameTrial(one: RequestedTrial, other: RequestedTrial): boolean {
  return one.experiment === other.experiment && one.seed === other.seed;
}

/** The trial for which another one, not requested or not yet at its turn, is trained. */
export interface NeededBy {
  /** The role of the trained one in the trial that needs it. */
  readonly role: "teacher" | "first stage";
  /** The experiment id of the trial that needs it. */
  readonly id: string;
  /** The seed of the trial that needs it. */
  readonly seed: number;
}

/** A trial that has to be trained, with the state of its run. */
export interface QueuedTrial extends Resolved {
  /** The epochs whose weights other trials need. */
  readonly keep: readonly Epoch[];
  /** The settings of its run. Only a requested trial may be `fresh`. */
  readonly settings: Settings;
  /** The trial for which it is trained. `undefined` if it was requested and is at its own turn. */
  readonly need: NeededBy | undefined;
}

/**
 * Lists the trials to train for the requested ones. Each is listed once, after its teachers and
 * first stages, otherwise in the requested order. A trial that is done is left out, and so are the
 * trials that only it builds on. A full run of a teacher or first stage serves a quick run. If
 * there is no full run, the teacher or first stage runs with the same `epochs` and `limit`. Keeps
 * every epoch that a requested trial, or one that it builds on, needs. Rejects with a `Failure` if
 * a run is damaged (exit 3), or has no such epoch (exit 2).
 */
export async function queue(
  asked: readonly RequestedTrial[],
  settings: Settings,
): Promise<QueuedTrial[]> {
  const waiting: QueuedTrial[] = [];
  const seen: (RequestedTrial & Pick<Settings, "apart">)[] = [];
  const needed = await listNeeded(asked, settings);
  const visit = async (trial: RequestedTrial, apart: boolean, need?: NeededBy): Promise<void> => {
    const { experiment, seed } = trial;
    const isThis = (other: RequestedTrial) => isSameTrial(other, trial);
    if (seen.some((one) => isThis(one) && one.apart === apart)) return;
    seen.push({ ...trial, apart });
    const own = { ...settingsOf(trial, asked, settings), apart };
    const wanted = needed.filter((one) => isThis(one.trained) && one.apart === apart);
    const keep = [...new Set(wanted.map(({ trained }) => neededEpoch(trained, settings)))];
    const resolved = await resolveRun(experiment, seed, own, keep);
    const { identity: { id } } = resolved;
    if (resolved.state === "done") return;
    for (const { role, trained, apart } of await listUnserved(experiment, own)) {
      await visit(trained, apart, { role, id, seed });
    }
    waiting.push({ ...resolved, keep, settings: own, need });
  };
  for (const trial of asked) await visit(trial, false);
  return waiting;
}

/** The settings of a trial's own run: `fresh` is only for requested trials. */
function settingsOf(
  trial: RequestedTrial,
  asked: readonly RequestedTrial[],
  settings: Settings,
): Settings {
  return { ...settings, fresh: settings.fresh && asked.some((one) => isSameTrial(one, trial)) };
}

/** A teacher or first stage, and whether its run is kept apart from a full one. */
interface Unserved extends Foundation {
  readonly apart: boolean;
}

/**
 * Lists the teachers and first stages of a trial whose own run has to be done. Leaves out those of a
 * quick trial that a full run serves.
 */
async function listUnserved(experiment: Experiment, settings: Settings): Promise<Unserved[]> {
  const foundation = foundationSettings(experiment, settings);
  const unserved: Unserved[] = [];
  for (const one of listFoundations(experiment)) {
    const usual = quickness(one.trained.experiment, { ...settings, apart: false });
    const { quick } = await resolveTrained(one.trained, foundation);
    if (quick !== undefined && !foundation.forQuick) {
      throw shorterFoundation(experiment, one, settings);
    }
    if (usual !== undefined && quick === undefined) continue;
    unserved.push({ ...one, apart: quick !== usual });
  }
  return unserved;
}

/** The failure (exit 2) of a full run whose teacher or first stage `--epochs` would cut short. */
function shorterFoundation(
  { url }: Experiment,
  { role, trained }: Foundation,
  { epochs }: Settings,
): Failure {
  const { schedule: { epochs: declared } } = trained.experiment;
  return new Failure(
    2,
    `--epochs ${epochs} is the number that ${basename(url)} declares, but its ${role} declares ` +
      `${declared}: leave out --epochs, so that both are trained as declared`,
  );
}

/** Lists what trials that are not done build on, each epoch once. A done trial needs no weights. */
async function listNeeded(
  asked: readonly RequestedTrial[],
  settings: Settings,
): Promise<Unserved[]> {
  const needed: Unserved[] = [];
  const visit = async (
    trial: RequestedTrial,
    apart: boolean,
    keep: readonly Epoch[],
  ): Promise<void> => {
    const { experiment, seed } = trial;
    const own = { ...settingsOf(trial, asked, settings), apart };
    if ((await resolveRun(experiment, seed, own, keep)).state === "done") return;
    for (const foundation of await listUnserved(experiment, own)) {
      const { trained, apart } = foundation;
      const isThis = (one: Unserved) =>
        isSameTrial(one.trained, trained) && one.trained.epoch === trained.epoch &&
        one.apart === apart;
      if (needed.some(isThis)) continue;
      needed.push(foundation);
      await visit(trained, apart, [neededEpoch(trained, settings)]);
    }
  };
  for (const trial of asked) await visit(trial, false, []);
  return needed;
}

/** A teacher or first stage of a trial. */
export interface Foundation {
  /** What it is there. */
  readonly role: NeededBy["role"];
  readonly trained: Trained;
}

/** Lists the experiment's teachers and first stages that other experiments train, in order. */
export function listFoundations(
  { teachers, start, body, needs }: Experiment,
): Foundation[] {
  const stages = [
    ...start ? [start] : [],
    ...body?.kind === "trained" ? [body] : [],
    ...needs.map(({ trained }) => trained),
  ];
  return [
    ...teachers.flatMap((teacher) =>
      teacher.kind === "trained" ? [{ role: "teacher" as const, trained: teacher }] : []
    ),
    ...stages.map((trained) => ({ role: "first stage" as const, trained })),
  ];
}

/** Whether the second trial is a teacher or first stage of the first one. */
export function buildsOn({ experiment }: RequestedTrial, other: RequestedTrial): boolean {
  return listFoundations(experiment).some(({ trained }) => isSameTrial(trained, other));
}

/** Looks again at the run of a queued trial: another process may have trained it since. */
export function lookAgain({ experiment, seed, settings, keep }: QueuedTrial): Promise<Resolved> {
  return resolveRun(experiment, seed, settings, keep);
}

/**
 * The trials of a queue that build on some others, directly or not, with the one that each builds
 * on.
 */
export function dependents(
  waiting: readonly QueuedTrial[],
  others: readonly QueuedTrial[],
): ReadonlyMap<QueuedTrial, QueuedTrial> {
  const found = new Map<QueuedTrial, QueuedTrial>();
  // Each trial stands after those that it builds on.
  for (const trial of waiting) {
    const base = [...others, ...found.keys()].find((one) => buildsOn(trial, one));
    if (base) found.set(trial, base);
  }
  return found;
}

/**
 * Orders a queue for several processes: trials on which others build come before the rest, so that
 * few have to wait.
 */
export function foundationsFirst(waiting: readonly QueuedTrial[]): QueuedTrial[] {
  const isNeeded = (trial: QueuedTrial) => waiting.some((other) => buildsOn(other, trial));
  return [...waiting.filter(isNeeded), ...waiting.filter((trial) => !isNeeded(trial))];
}

/**
 * Checks, before any training, that no run used code that has changed since. Rejects with a
 * `Failure` (exit 2) that names the modules and the ways out. Reads the code of every trial now:
 * the record of its run has this code, however much later the run begins.
 */
export async function checkCode(waiting: readonly QueuedTrial[]): Promise<void> {
  const lines = [];
  for (const trial of waiting) {
    await ownCode(trial.identity, trial.root);
    await loadedCommit(trial.root);
    if (trial.state === "changed") lines.push(await describeChange(trial));
  }
  if (lines.length > 0) throw new Failure(2, lines.join("\n"));
}

/** Says which modules have changed since a run, and the ways out. */
export async function describeChange(trial: QueuedTrial): Promise<string> {
  const modules = (await changedModules(trial)).join(", ");
  const title = `${trial.need ? `${trial.need.role} ` : ""}${titleOf(trial)}`;
  return `${title}: code has changed since: ${modules}; --keep takes the run as it is, ` +
    describeFresh(trial);
}

/** Says how to train a trial again: by a flag of this command, or by a command. */
export function describeFresh(trial: QueuedTrial): string {
  if (!trial.need && !trial.settings.pending) {
    return "--fresh trains it again, and all else that is asked for";
  }
  return `\`${trainCommand(trial, "--fresh")}\` trains it again`;
}

/**
 * Checks, before any training, that the result of each queued trial can be recorded: its file can
 * be read and written, names its experiment, and is no other trial's. Rejects with a `Failure` (exit
 * 3).
 */
export async function checkResults(waiting: readonly QueuedTrial[]): Promise<void> {
  const owners = new Map<string, string>();
  for (const { root, identity: { id } } of waiting) {
    const path = resultPath(root, id);
    const owner = owners.get(path) ?? id;
    if (owner !== id) throw misplacedResult(path, owner, id);
    owners.set(path, id);
    await readResult(path, id);
    await checkWritable(path);
  }
}
