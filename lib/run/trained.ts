/**
 * What other experiments trained, for the run that builds on them: teachers, and first stages.
 *
 * @module
 */
import { loadCheckpoint, match, type Value } from "../weights/checkpoint.ts";
import type { Extra } from "../experiment/distiller.ts";
import type { Trained } from "../experiment/experiment.ts";
import { type ResolvedTrained, resolveTrained } from "./resolve.ts";
import type { Settings } from "./settings.ts";
import { variableShapes } from "../nn/variable_shapes.ts";
import { type Shape, type Variable, variables } from "../nn/variables.ts";

/**
 * Gives a network's weights for such images and so many classes, by the names inside it. Throws a `Failure` (exit 3) where
 * they are another network's. Undefined: untrained, for a plan only.
 */
export type Weights = ((image: Shape, classes: number) => ReadonlyMap<string, Value>) | undefined;

/** Gives the weights of a module over inputs of `shape`, by the names inside it; otherwise as `Weights`. */
export type ExtraWeights = ((shape: Shape) => ReadonlyMap<string, Value>) | undefined;

/** What is there of a teacher or a first stage, for a plan; nothing is trained. */
export async function foreseen(
  trained: Trained,
  settings: Settings,
): Promise<{ readonly text: string; readonly resolved: ResolvedTrained; readonly isThere: boolean }> {
  const resolved = await resolveTrained(trained, settings), { identity: { id }, seed, state, epoch } = resolved;
  const title = `${id} seed ${seed}, ${typeof epoch === "number" ? `epoch ${epoch}` : epoch}`,
    isThere = state === "done";
  return { text: `${title}: ${isThere ? "ready" : `${state}, would be trained first`}`, resolved, isThere };
}

/** The weights of its student. Rejects with a `Failure` (exit 3) where they can't be read. */
export async function studentWeights({ experiment: { student }, folder, epoch }: ResolvedTrained): Promise<Weights> {
  const path = folder.weights(epoch), { tensors } = await loadCheckpoint(path);
  return (image, classes) => {
    match(path, tensors, variableShapes(student, image, classes));
    return tensors;
  };
}

/** The weights of a module that its method trained. Rejects with a `Failure` (exit 3) where they can't be read. */
export async function extraWeights({ folder, epoch }: ResolvedTrained, { name, layer }: Extra): Promise<ExtraWeights> {
  const path = folder.extras(epoch), { tensors } = await loadCheckpoint(path), prefix = `${name}.`;
  const own = new Map(
    Array.from(tensors).filter(([variable]) => variable.startsWith(prefix))
      .map(([variable, value]) => [variable.slice(prefix.length), value]),
  );
  return (shape) => {
    const collected = new Map<string, Variable>();
    layer(variables({ seed: 0, collected }), shape);
    match(path, own, new Map(Array.from(collected, ([variable, { shape }]) => [variable, shape])));
    return own;
  };
}
