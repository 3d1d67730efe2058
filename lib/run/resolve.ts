import { existsSync } from "node:fs";
import { declarationHash } from "../experiment/declaration.ts";
import type { Epoch, Experiment, Trained } from "../experiment/experiment.ts";
import { identify, type Identity, projectRoot } from "../project/identify.ts";
import { RunFolder } from "./run_folder.ts";
import { epochWanted, quickness, scheduleOf, type Settings } from "./settings.ts";

/**
 * What is there of a run: nothing, a beginning, everything, something that followed another
 * declaration, something that went past an epoch whose weights are wanted and were not kept, or,
 * with `--fresh`, nothing that counts.
 */
export type RunState = "missing" | "begun" | "done" | "stale" | "lacking" | "fresh";

/** What a run is that is not done, in words. */
export const STATES = {
  missing: "not trained yet",
  begun: "half trained",
  stale: "stale: its declaration has changed since it was trained",
  lacking: "lacking weights that are wanted now",
  fresh: "trained anew",
} as const satisfies Record<Exclude<RunState, "done">, string>;

/** A run of an experiment with a seed, as it stands. */
export interface Resolved {
  /** The experiment. */
  readonly experiment: Experiment;
  /** Where it is declared. */
  readonly identity: Identity;
  /** The project it belongs to. */
  readonly root: string;
  /** Its seed. */
  readonly seed: number;
  /** The hash of its declaration. */
  readonly declaration: string;
  /** What makes it quick; undefined for a full run. */
  readonly quick: string | undefined;
  /** Its folder. */
  readonly folder: RunFolder;
  /** What is there of it. */
  readonly state: RunState;
}

/**
 * Finds out what is there of a run, of which the weights after the epochs `keep` are wanted. With
 * `--fresh` nothing is read. Rejects with a `Failure` where what is there is damaged.
 */
export async function resolveRun(
  experiment: Experiment,
  seed: number,
  settings: Pick<Settings, "epochs" | "limit" | "fresh">,
  keep: readonly Epoch[] = [],
): Promise<Resolved> {
  const identity = await identify(experiment);
  const base = projectRoot(experiment.url);
  const quick = quickness(experiment, settings);
  const declaration = await declarationHash(experiment);
  const folder = new RunFolder(base, identity.id, seed, quick);
  const state = settings.fresh ? "fresh" : await runState(
    folder,
    experiment,
    declaration,
    scheduleOf(experiment, settings).epochs,
    keep,
  );
  return { experiment, identity, root: base, seed, declaration, quick, folder, state };
}

async function runState(
  folder: RunFolder,
  { distiller }: Experiment,
  declaration: string,
  epochs: number,
  keep: readonly Epoch[],
): Promise<RunState> {
  const latest = await folder.latest();
  if (!latest) return "missing";
  const { progress } = latest;
  if (progress.declaration !== declaration) return "stale";
  const isThere = (epoch: Epoch) =>
    existsSync(folder.weights(epoch)) &&
    (!distiller.trainedModules || existsSync(folder.trainedModules(epoch)));
  const absent = keep.filter((epoch) => !isThere(epoch));
  // Those of the epoch that is just complete can still be had.
  const numbers: Record<Epoch, number | undefined> = { best: progress.best?.epoch, last: epochs };
  const isPast = (epoch: Epoch) =>
    Number(numbers[epoch] ?? epoch) < progress.epoch + (progress.batch > 0 ? 1 : 0);
  if (absent.some(isPast)) return "lacking";
  return progress.epoch >= epochs && absent.length === 0 && await folder.trial() ? "done" : "begun";
}

/**
 * What another experiment trained, as it stands: its run and the weights that are wanted of it;
 * they are there where it is done.
 */
export interface ResolvedTrained extends Resolved {
  /** After which epoch. */
  readonly epoch: Epoch;
}

/**
 * Finds out what is there of a teacher of ours, or of a first stage. A full run of it serves a
 * quick run too; where there is none, what makes that one quick makes this one quick. `fresh` is
 * not for it.
 */
export async function resolveTrained(
  trained: Trained,
  settings: Settings,
): Promise<ResolvedTrained> {
  const { experiment, seed } = trained;
  const full = { ...settings, epochs: undefined, limit: undefined, fresh: false };
  const look = async (settings: Settings): Promise<ResolvedTrained> => {
    const epoch = epochWanted(trained, settings);
    return { ...await resolveRun(experiment, seed, settings, [epoch]), epoch };
  };
  const found = await look(full);
  return found.state === "done" ? found : await look({ ...settings, fresh: false });
}
