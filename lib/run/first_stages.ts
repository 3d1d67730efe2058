/**
 * The first stages of a run: the experiment whose weights its student starts with, and those that
 * trained the modules which its method takes.
 *
 * @module
 */
import type { TrainedModule } from "../experiment/distiller.ts";
import type { Experiment, Trained } from "../experiment/experiment.ts";
import { type ResolvedTrained, resolveTrained } from "./resolve.ts";
import type { Settings } from "./settings.ts";
import { sha256 } from "../values/sha256.ts";
import {
  type ModuleWeights,
  moduleWeights,
  type NetworkWeights,
  previewTrained,
  studentWeights,
} from "./trained.ts";

/** What first stages give a run; what is undefined is not there yet, for a plan only. */
export interface FirstStages {
  /** What the student starts with; undefined where it starts anew, too. */
  readonly start?: NetworkWeights;
  /** The weights of each module that the method takes. */
  readonly modules: ReadonlyMap<TrainedModule, ModuleWeights>;
}

/** A first stage that a run built on. */
export interface StageRecord {
  /** The id of its experiment. */
  readonly id: string;
  /** Its seed. */
  readonly seed: number;
  /** What was taken: `student`, or a module's name. */
  readonly taken: string;
  /** The SHA-256 of the file of these weights, in hexadecimal digits. */
  readonly sha256: string;
}

/** First stages that are done. */
export interface LoadedStages extends FirstStages {
  /** What is recorded of them. */
  readonly records: readonly StageRecord[];
}

/**
 * Reads the first stages of an experiment. Rejects with a `Failure` (exit 3) where their weights
 * cannot be read.
 */
export async function readStages(
  { start, needs }: Experiment,
  settings: Settings,
): Promise<LoadedStages> {
  const records: StageRecord[] = [];
  const modules = new Map<TrainedModule, ModuleWeights>();
  const done = async (
    trained: Trained,
    taken: string,
    file: (resolved: ResolvedTrained) => string,
  ) => {
    const resolved = await resolveTrained(trained, settings);
    const { identity: { id }, seed } = resolved;
    records.push({ id, seed, taken, sha256: await sha256(await Deno.readFile(file(resolved))) });
    return resolved;
  };
  const weights = start &&
    await studentWeights(
      await done(start, "student", ({ folder, epoch }) => folder.weights(epoch)),
    );
  for (const module of needs) {
    const resolved = await done(
      module.trained,
      module.name,
      ({ folder, epoch }) => folder.trainedModules(epoch),
    );
    modules.set(module, await moduleWeights(resolved, module));
  }
  return { start: weights, modules, records };
}

/** First stages as they stand, for a plan. */
export interface StagesPreview extends FirstStages {
  /** Of each what is taken, which one it is and what is there of it. */
  readonly lines: readonly string[];
  /** Whether all of them are done. */
  readonly areThere: boolean;
}

/**
 * What is there of an experiment's first stages; nothing is trained. Rejects with a `Failure` where
 * what is there is damaged.
 */
export async function previewStages(
  { start, needs }: Experiment,
  settings: Settings,
): Promise<StagesPreview> {
  const lines: string[] = [];
  const modules = new Map<TrainedModule, ModuleWeights>();
  let areThere = true;
  const look = async (trained: Trained, taken: string) => {
    const { text, resolved, isThere } = await previewTrained(trained, settings);
    lines.push(`${taken} of ${text}`);
    areThere &&= isThere;
    return isThere ? resolved : undefined;
  };
  const started = start && await look(start, "student");
  for (const module of needs) {
    const resolved = await look(module.trained, module.name);
    modules.set(module, resolved && await moduleWeights(resolved, module));
  }
  return { start: started && await studentWeights(started), modules, lines, areThere };
}
