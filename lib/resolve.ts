import { identify, type Identity, root } from "./identify.ts";
import type { Epoch, Experiment, Trained } from "./experiment.ts";
import { existsSync } from "node:fs";
import { declarationHash } from "./result.ts";
import { RunFolder } from "./run_folder.ts";
import { quickness, type Settings } from "./settings.ts";

/** What is there of a run: nothing, a beginning, everything, or something that followed another declaration. */
export type RunState = "missing" | "begun" | "done" | "stale";

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

/** Finds out what is there of a run. Rejects with a `Failure` where what is there is damaged. */
export async function resolve(experiment: Experiment, seed: number, settings: Settings): Promise<Resolved> {
  const identity = await identify(experiment), base = root(experiment.url);
  const quick = quickness(experiment, settings), declaration = await declarationHash(experiment);
  const folder = new RunFolder(base, identity.id, seed, quick);
  const latest = await folder.latest();
  const state: RunState = !latest
    ? "missing"
    : latest.progress.declaration !== declaration
    ? "stale"
    : await folder.trial()
    ? "done"
    : "begun";
  return { experiment, identity, root: base, seed, declaration, quick, folder, state };
}

/** A teacher as it stands: its run and the weights that are wanted of it. */
export interface ResolvedTeacher extends Resolved {
  /** After which epoch. */
  readonly epoch: Epoch;
  /** Whether those weights are there. */
  readonly ready: boolean;
}

/** Finds out what is there of a teacher. */
export async function resolveTeacher(
  { experiment, seed, epoch }: Trained,
  settings: Settings,
): Promise<ResolvedTeacher> {
  const resolved = await resolve(experiment, seed, settings);
  const ready = resolved.state === "done" && existsSync(resolved.folder.weights(epoch));
  return { ...resolved, epoch, ready };
}
