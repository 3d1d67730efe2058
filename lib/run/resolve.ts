import { existsSync } from "node:fs";
import { declarationHash } from "../experiment/declaration.ts";
import type { Epoch, Experiment, Trained } from "../experiment/experiment.ts";
import { identify, type Identity, projectRoot } from "../project/identify.ts";
import { changedCode, type OwnCode, ownCode } from "../project/own_code.ts";
import { RunFolder } from "./run_folder.ts";
import {
  type FoundationChoice,
  neededEpoch,
  quickness,
  quickSettings,
  type RunChoice,
  scheduleOf,
  type Settings,
} from "./settings.ts";
import { shellCommand } from "../values/shell.ts";

/**
 * The state of a run. `missing`: no epoch or batch is saved. `begun`: training is not complete.
 * `stale`: the run follows another declaration. `changed`: the user's own code has changed since.
 * `lacking`: the run is past an epoch whose weights
 * are needed but were not kept. `fresh`: `--fresh` is set, so nothing on disk counts.
 */
export type RunState = "missing" | "begun" | "done" | "stale" | "changed" | "lacking" | "fresh";

/** The states of a run that is not done, in words. */
export const STATE_TEXTS = {
  missing: "not trained yet",
  begun: "half trained",
  stale: "stale: its declaration has changed since it was trained",
  changed: "outdated: its code has changed since it was trained",
  lacking: "lacking weights that are wanted now",
  fresh: "trained anew",
} as const satisfies Record<Exclude<RunState, "done">, string>;

/** Whether the files of a run in this state are of another declaration or of other code. */
export function isOutdated(state: RunState): state is "stale" | "changed" {
  return state === "stale" || state === "changed";
}

/** A run of an experiment with a seed, and its state. */
export interface Resolved {
  readonly experiment: Experiment;
  readonly identity: Identity;
  /** The folder of the project. */
  readonly root: string;
  readonly seed: number;
  /** The hash of the declaration. */
  readonly declaration: string;
  /** The settings that make the run quick, e.g. `quick-24-all`. `undefined` for a full run. */
  readonly quick: string | undefined;
  readonly folder: RunFolder;
  readonly state: RunState;
}

/** The name of a run in lines for the user. */
export function titleOf({ identity: { id }, seed, quick }: Resolved): string {
  return `${id} seed ${seed}${quick ? ` (${quick})` : ""}`;
}

/** The command that trains a run, with these flags, for a shell in the project's folder. */
export function trainCommand(
  { identity: { id }, seed, quick }: Resolved,
  ...flags: readonly string[]
): string {
  const { epochs, limit } = quickSettings(quick);
  const own = Object.entries({ seed, epochs, limit }).flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag}`, String(value)]
  );
  return shellCommand(["deno", "task", "exp", id, ...own, ...flags]);
}

/**
 * Finds the state of a run whose weights after the epochs `keep` are needed. Reads nothing if
 * `fresh` is set. Rejects with a `Failure` if the run is damaged.
 */
export async function resolveRun(
  experiment: Experiment,
  seed: number,
  settings: RunChoice,
  keep: readonly Epoch[] = [],
): Promise<Resolved> {
  const identity = await identify(experiment);
  const root = projectRoot(experiment.url);
  const quick = quickness(experiment, settings);
  const declaration = await declarationHash(experiment);
  const folder = new RunFolder(root, identity.id, seed, quick);
  const state = settings.fresh
    ? "fresh"
    : await runState(folder, experiment, declaration, settings, keep);
  const ignoresCode = state === "missing" || state === "stale" || settings.fresh ||
    settings.keepResults;
  const found = { experiment, identity, root, seed, declaration, quick, folder };
  const changed = ignoresCode ? [] : await changedModules(found);
  return { ...found, state: changed.length > 0 ? "changed" : state };
}

/** A run, whatever its state. */
export type SavedRun = Pick<Resolved, "identity" | "root" | "folder">;

/**
 * Lists the modules of the user's own code that changed since the run, by their paths in the
 * project. A run that does not know its code is taken as it is.
 */
export async function changedModules({ identity, root, folder }: SavedRun): Promise<string[]> {
  const [before, now] = await Promise.all([folder.code(), ownCode(identity, root)]);
  return before ? changedCode(before, now) : [];
}

/** Makes a run one of the present code, which it returns. */
export async function acceptCode(run: SavedRun): Promise<OwnCode> {
  const code = await ownCode(run.identity, run.root);
  const before = await run.folder.code();
  if (!before || changedCode(before, code).length > 0) await run.folder.writeCode(code);
  return code;
}

/**
 * Finds the state of the run in a folder, for an experiment with this declaration. Rejects with a
 * `Failure` if the run is damaged.
 */
export async function runState(
  folder: RunFolder,
  experiment: Experiment,
  declaration: string,
  settings: Pick<Settings, "epochs">,
  keep: readonly Epoch[],
): Promise<RunState> {
  const { epochs } = scheduleOf(experiment, settings);
  const latest = await folder.latest();
  if (!latest) return "missing";
  const { progress } = latest;
  if (progress.declaration !== declaration) return "stale";
  const isThere = (epoch: Epoch) =>
    existsSync(folder.weights(epoch)) &&
    (experiment.schedule.ema === undefined || existsSync(folder.weights(epoch, "average"))) &&
    (!experiment.distiller.trainedModules || existsSync(folder.trainedModules(epoch)));
  const absent = keep.filter((epoch) => !isThere(epoch));
  // Weights of the epoch that is just complete can still be written from the saved state.
  const numbers: Record<Epoch, number | undefined> = { best: progress.best?.epoch, last: epochs };
  const isPast = (epoch: Epoch) =>
    Number(numbers[epoch] ?? epoch) < progress.epoch + (progress.batch > 0 ? 1 : 0);
  if (absent.some(isPast)) return "lacking";
  return progress.epoch >= epochs && absent.length === 0 && await folder.trial() ? "done" : "begun";
}

/**
 * The run of another experiment, and the epoch whose weights are needed. The weights exist if the
 * run is done.
 */
export interface ResolvedTrained extends Resolved {
  readonly epoch: Epoch;
  /** The file of the student's weights, or of their average if that is taken. */
  readonly weights: string;
}

/**
 * Finds the state of a teacher or first stage that another experiment trains. A full run serves a
 * quick run too. If there is no full run, looks for one with the same `epochs` and `limit`: for a
 * quick trial it is a quick one, too, if a full run lacks the epoch. Ignores `fresh`.
 */
export async function resolveTrained(
  trained: Trained,
  { forQuick, ...settings }: FoundationChoice,
): Promise<ResolvedTrained> {
  const { experiment, seed, average } = trained;
  const own = { ...settings, apart: false, fresh: false };
  const full = { ...own, epochs: undefined, limit: undefined };
  const resolve = async (settings: RunChoice): Promise<ResolvedTrained> => {
    const epoch = neededEpoch(trained, settings);
    const run = await resolveRun(experiment, seed, settings, [epoch]);
    return { ...run, epoch, weights: run.folder.weights(epoch, average && "average") };
  };
  const found = await resolve(full);
  if (found.state === "done") return found;
  return await resolve({ ...own, apart: forQuick && found.state === "lacking" });
}
