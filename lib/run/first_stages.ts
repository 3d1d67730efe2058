/**
 * The first stages of a run: the experiment whose weights its student starts from, and the
 * experiments that trained the modules of its method.
 *
 * @module
 */
import type { TrainedModule } from "../experiment/distiller.ts";
import type { Experiment, Trained } from "../experiment/experiment.ts";
import { clearLeases } from "./claim.ts";
import { acceptCode, type ResolvedTrained, resolveTrained } from "./resolve.ts";
import type { Settings } from "./settings.ts";
import { sha256 } from "../values/sha256.ts";
import {
  type ModuleWeights,
  moduleWeights,
  type NetworkWeights,
  previewTrained,
  studentWeights,
} from "./trained.ts";

/** The weights of first stages. In a dry run, weights that are not trained are `undefined`. */
export interface FirstStages {
  /** The weights that the student starts from. `undefined` also if it has no first stage. */
  readonly start?: NetworkWeights;
  /** The weights of each module that the method takes. */
  readonly modules: ReadonlyMap<TrainedModule, ModuleWeights>;
}

/** The record of a first stage that a run built on. */
export interface StageRecord {
  /** The id of its experiment. */
  readonly id: string;
  readonly seed: number;
  /** The part that the run took: `student`, or a module's name. */
  readonly taken: string;
  /** The SHA-256 of the file of its weights, in hexadecimal digits. */
  readonly sha256: string;
}

/** First stages that are done, with their records. */
export interface LoadedStages extends FirstStages {
  readonly records: readonly StageRecord[];
}

/**
 * Reads the first stages of an experiment. Rejects with a `Failure` (exit 3) if their weights
 * cannot be read.
 */
export async function readStages(
  { start, needs }: Experiment,
  settings: Settings,
): Promise<LoadedStages> {
  const records: StageRecord[] = [];
  const modules = new Map<TrainedModule, ModuleWeights>();
  const resolveAndRecord = async (
    trained: Trained,
    taken: string,
    file: (resolved: ResolvedTrained) => string,
  ) => {
    const resolved = await resolveTrained(trained, settings);
    const { identity: { id }, seed } = resolved;
    clearLeases(resolved);
    await acceptCode(resolved);
    records.push({ id, seed, taken, sha256: await sha256(await Deno.readFile(file(resolved))) });
    return resolved;
  };
  const weights = start &&
    await studentWeights(
      await resolveAndRecord(start, "student", ({ weights }) => weights),
    );
  for (const module of needs) {
    const resolved = await resolveAndRecord(
      module.trained,
      module.name,
      ({ folder, epoch }) => folder.trainedModules(epoch),
    );
    modules.set(module, await moduleWeights(resolved, module));
  }
  return { start: weights, modules, records };
}

/** First stages in a dry run. */
export interface StagesPreview extends FirstStages {
  /** A line for each: the part that is taken, the experiment and its state. */
  readonly lines: readonly string[];
  /** Whether all first stages are done. */
  readonly areThere: boolean;
  /** The weights of each, in the order of the records of a run. */
  readonly files: readonly { readonly sha256?: string }[];
}

/**
 * Describes the first stages of an experiment and reads those that are done. Trains nothing.
 * Rejects with a `Failure` if a file is damaged.
 */
export async function previewStages(
  { start, needs }: Experiment,
  settings: Settings,
): Promise<StagesPreview> {
  const lines: string[] = [];
  const modules = new Map<TrainedModule, ModuleWeights>();
  const files: { readonly sha256?: string }[] = [];
  const preview = async (
    trained: Trained,
    taken: string,
    file: (resolved: ResolvedTrained) => string,
  ) => {
    const { text, resolved, isThere } = await previewTrained(trained, settings);
    lines.push(`${taken} of ${text}`);
    files.push(isThere ? { sha256: await sha256(await Deno.readFile(file(resolved))) } : {});
    return isThere ? resolved : undefined;
  };
  const startRun = start &&
    await preview(start, "student", ({ folder, epoch }) => folder.weights(epoch));
  for (const module of needs) {
    const resolved = await preview(
      module.trained,
      module.name,
      ({ folder, epoch }) => folder.trainedModules(epoch),
    );
    modules.set(module, resolved && await moduleWeights(resolved, module));
  }
  const weights = startRun && await studentWeights(startRun);
  const areThere = files.every(({ sha256 }) => sha256 !== undefined);
  return { start: weights, modules, lines, areThere, files };
}
