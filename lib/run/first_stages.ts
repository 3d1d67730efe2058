/**
 * The first stages of a run: the experiment whose weights its student starts from, and the
 * experiments that trained the modules of its method.
 *
 * @module
 */
import type { TrainedModule } from "../experiment/distiller.ts";
import type { Experiment, Trained } from "../experiment/experiment.ts";
import { resolveWeights } from "../weights/locate_weights.ts";
import { externalBody, trainedBody } from "./body.ts";
import { clearLeases } from "./claim.ts";
import { acceptCode, type ResolvedTrained, resolveTrained } from "./resolve.ts";
import type { FoundationSettings } from "./settings.ts";
import { sha256 } from "../values/sha256.ts";
import {
  type ModuleWeights,
  moduleWeights,
  type NetworkWeights,
  previewTrained,
  requireDone,
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
  /** The id of its experiment, or the name of weights that were trained elsewhere. */
  readonly id: string;
  /** `null` for weights that were trained elsewhere. */
  readonly seed: number | null;
  /** The part that the run took: `student`, `body`, or a module's name. */
  readonly taken: string;
  /** The SHA-256 of the file of its weights, in hexadecimal digits. */
  readonly sha256: string;
}

/** First stages that are done, with their records. */
export interface LoadedStages extends FirstStages {
  readonly records: readonly StageRecord[];
}

/**
 * Reads the first stages of an experiment of the project `root`. Rejects with a `Failure` (exit 3)
 * if their weights cannot be read.
 */
export async function readStages(
  { student, start, body, needs }: Experiment,
  root: string,
  settings: FoundationSettings,
): Promise<LoadedStages> {
  const records: StageRecord[] = [];
  const modules = new Map<TrainedModule, ModuleWeights>();
  const resolveAndRecord = async (
    trained: Trained,
    taken: string,
    file: (resolved: ResolvedTrained) => string,
  ) => {
    const resolved = await resolveTrained(trained, settings);
    // Another process may have begun it anew since the queue was made.
    await requireDone(resolved);
    const { identity: { id }, seed } = resolved;
    clearLeases(resolved);
    await acceptCode(resolved);
    records.push({ id, seed, taken, sha256: await sha256(await Deno.readFile(file(resolved))) });
    return resolved;
  };
  const readStart = async (): Promise<NetworkWeights> => {
    if (start) {
      return await studentWeights(
        await resolveAndRecord(start, "student", ({ weights }) => weights),
      );
    }
    if (!body) return undefined;
    if (body.kind === "trained") {
      const resolved = await resolveAndRecord(body, "body", ({ weights }) => weights);
      return await trainedBody(student, resolved, settings.status.line);
    }
    const { weights, id, sha256 } = await externalBody(student, body, root, settings);
    records.push({ id, seed: null, taken: "body", sha256 });
    return weights;
  };
  const weights = await readStart();
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
 * Describes the first stages of an experiment of the project `root` and reads those that are done. Trains nothing.
 * Rejects with a `Failure` if a file is damaged.
 */
export async function previewStages(
  { student, start, body, needs }: Experiment,
  root: string,
  settings: FoundationSettings,
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
  const previewStart = async (): Promise<NetworkWeights> => {
    const weights = ({ weights }: ResolvedTrained) => weights;
    if (start) {
      const resolved = await preview(start, "student", weights);
      return resolved && await studentWeights(resolved);
    }
    if (!body) return undefined;
    if (body.kind === "trained") {
      const resolved = await preview(body, "body", weights);
      return resolved && await trainedBody(student, resolved, settings.status.line);
    }
    const { path, isThere, source: { url } } = await resolveWeights(body, root, settings.data);
    const missing = `missing${url ? `, would be downloaded from ${url}` : ""}`;
    lines.push(`body of ${path}: ${isThere ? "ready" : missing}`);
    const external = isThere ? await externalBody(student, body, root, settings) : undefined;
    files.push({ sha256: external?.sha256 });
    return external?.weights;
  };
  const startWeights = await previewStart();
  for (const module of needs) {
    const resolved = await preview(
      module.trained,
      module.name,
      ({ folder, epoch }) => folder.trainedModules(epoch),
    );
    modules.set(module, resolved && await moduleWeights(resolved, module));
  }
  const areThere = files.every(({ sha256 }) => sha256 !== undefined);
  return { start: startWeights, modules, lines, areThere, files };
}
