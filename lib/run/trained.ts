/**
 * The weights of teachers and first stages that other experiments trained.
 *
 * @module
 */
import type { DataFacts, Learned } from "../data/fingerprint.ts";
import type { TrainedModule } from "../experiment/distiller.ts";
import { type Experiment, requireAverage, type Trained } from "../experiment/experiment.ts";
import { variableShapes } from "../nn/description.ts";
import { type Shape, type Variable, variables } from "../nn/variables.ts";
import type { Trial } from "../project/result.ts";
import { Failure } from "../values/failure.ts";
import { sha256 } from "../values/sha256.ts";
import { checkVariables, loadCheckpoint } from "../weights/checkpoint.ts";
import type { Value } from "../weights/value.ts";
import {
  changedModules,
  type Resolved,
  type ResolvedTrained,
  resolveRun,
  resolveTrained,
  STATE_TEXTS,
  titleOf,
  trainCommand,
} from "./resolve.ts";
import type { FoundationChoice, Settings } from "./settings.ts";

/**
 * Gives a network's weights, by the names inside it, for these images and so many classes. Throws a
 * `Failure` (exit 3) if they belong to another network. `undefined`, in a dry run only: untrained.
 */
export type NetworkWeights =
  | ((image: Shape, classes: number) => ReadonlyMap<string, Value>)
  | undefined;

/**
 * Gives the weights of a module over inputs of `shape`, by the names inside it. Fails and is
 * `undefined` like `NetworkWeights`.
 */
export type ModuleWeights = ((shape: Shape) => ReadonlyMap<string, Value>) | undefined;

/** Describes the state of a teacher or first stage for a dry run. Trains nothing. */
export async function previewTrained(
  trained: Trained,
  settings: FoundationChoice,
): Promise<
  { readonly text: string; readonly resolved: ResolvedTrained; readonly isThere: boolean }
> {
  const resolved = await resolveTrained(trained, settings);
  const { identity: { id }, seed, state, epoch } = resolved;
  const title = `${id} seed ${seed}, ${typeof epoch === "number" ? `epoch ${epoch}` : epoch}${
    trained.average ? ", average" : ""
  }`;
  const isThere = state === "done";
  return {
    text: `${title}: ${isThere ? "ready" : `${state}, would be trained first`}`,
    resolved,
    isThere,
  };
}

/** Reads the weights of a run's student. Rejects with a `Failure` (exit 3) if that fails. */
export async function studentWeights(trained: ResolvedTrained): Promise<NetworkWeights> {
  const { experiment: { student }, folder, weights: path } = trained;
  const { tensors } = await loadCheckpoint(path);
  const facts = await folder.data();
  const learned = facts?.classes.length;
  return (image, classes) => {
    if (learned !== undefined && learned !== classes) {
      throw new Failure(3, `${path} knows ${learned} classes, and the data set has ${classes}`);
    }
    checkImages(trained, facts, image);
    checkVariables(path, tensors, variableShapes(student, image, classes));
    return tensors;
  };
}

/**
 * Throws a `Failure` (exit 3) if a student that depends on the size of its images learned others.
 * The shapes of its variables need not show it: two different grids may have as many positions.
 */
export function checkImages(
  { experiment: { student }, weights: path }: ResolvedTrained,
  facts: DataFacts | undefined,
  image: Shape,
): void {
  if (!student.resize || !facts || String(facts.image) === String(image)) return;
  throw new Failure(
    3,
    `${path} knows images of ${facts.image.join("×")}, and the data set has ${image.join("×")}; ` +
      `declare the file as weights(…), which resizes ${student.id}`,
  );
}

/**
 * Reads the weights of a module that a run's method trained. Rejects with a `Failure` (exit 3) if
 * that fails.
 */
export async function moduleWeights(
  { folder, epoch }: ResolvedTrained,
  { name, layer }: TrainedModule,
): Promise<ModuleWeights> {
  const path = folder.trainedModules(epoch);
  const { tensors } = await loadCheckpoint(path);
  const prefix = `${name}.`;
  const own = new Map(
    Array.from(tensors).filter(([variable]) => variable.startsWith(prefix))
      .map(([variable, value]) => [variable.slice(prefix.length), value]),
  );
  return (shape) => {
    const collected = new Map<string, Variable>();
    layer(variables({ seed: 0, collected }), shape);
    checkVariables(
      path,
      own,
      new Map(Array.from(collected, ([variable, { shape }]) => [variable, shape])),
    );
    return own;
  };
}

/** The student of a run that is done. */
export interface TrainedStudent {
  readonly experiment: Experiment;
  /** The experiment's id. */
  readonly id: string;
  readonly seed: number;
  /** The file of its weights. */
  readonly path: string;
  /** The SHA-256 of that file, in hexadecimal digits. */
  readonly sha256: string;
  /** The values of its variables, by their names inside it. */
  readonly tensors: ReadonlyMap<string, Value>;
  /** Whether they are the moving average of the student's. */
  readonly average: boolean;
  /** The result of the run. */
  readonly trial: Trial;
  /** What it learned from. `undefined` for a run from before this was recorded. */
  readonly learned?: Learned;
}

/**
 * Reads the student of an experiment's run with a seed, after its last or best epoch. With `epochs`
 * or `limit`, reads the student of that quick run; with `average`, the moving average of its
 * weights. Rejects with a `Failure` (exit 3) if the run is not done, or its experiment has changed
 * since; exit 2 if it has no average.
 */
export async function readTrainedStudent(
  experiment: Experiment,
  seed: number,
  epoch: "last" | "best",
  { epochs, limit, average = false }: Pick<Settings, "epochs" | "limit"> & {
    readonly average?: boolean;
  } = {},
): Promise<TrainedStudent> {
  if (average) requireAverage(experiment, "--average");
  const resolved = await resolveRun(experiment, seed, { epochs, limit, fresh: false });
  await requireDone(resolved);
  const path = resolved.folder.weights(epoch, average ? "average" : undefined);
  return await readStudent(resolved, path, average);
}

/**
 * Reads a teacher or first stage that another experiment trained. Rejects like
 * `readTrainedStudent`.
 */
export async function readTrainedFoundation(
  trained: Trained,
  settings: FoundationChoice,
): Promise<TrainedStudent> {
  const resolved = await resolveTrained(trained, settings);
  await requireDone(resolved);
  return await readStudent(resolved, resolved.weights, trained.average ?? false);
}

/** Rejects with a `Failure` (exit 3) if a run is not done, or its experiment has changed since. */
export async function requireDone(resolved: Resolved): Promise<void> {
  const { identity: { id }, seed, state } = resolved;
  if (state === "done") return;
  if (state === "changed") {
    const modules = (await changedModules(resolved)).join(", ");
    const [keep, fresh] = ["--keep", "--fresh"].map((flag) => trainCommand(resolved, flag));
    const ways = `\`${keep}\` keeps it, \`${fresh}\` trains it again`;
    throw new Failure(3, `${id} seed ${seed}: code has changed since: ${modules}; ${ways}`);
  }
  // Only a trial that needs an epoch makes its teacher keep it.
  const way = state === "lacking"
    ? "train the experiment that learns from it with --fresh, which trains both again"
    : `\`${trainCommand(resolved)}\` trains it`;
  throw new Failure(3, `${id} seed ${seed} is ${STATE_TEXTS[state]}; ${way}`);
}

/** Reads the student of a run that is done from this file of its weights. */
async function readStudent(
  resolved: Resolved,
  path: string,
  average: boolean,
): Promise<TrainedStudent> {
  const { experiment, identity: { id }, folder, seed } = resolved;
  const trial = await folder.requireTrial();
  const [{ tensors }, digest] = [
    await loadCheckpoint(path),
    await sha256(await Deno.readFile(path)),
  ];
  const facts = await folder.data();
  const learned = facts && { by: titleOf(resolved), facts };
  return { experiment, id, seed, path, sha256: digest, tensors, average, trial, learned };
}
