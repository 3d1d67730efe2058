/**
 * The body of a student that starts with the weights of another network.
 *
 * @module
 */
import { basename } from "node:path";
import { variableShapes } from "../nn/description.ts";
import type { Net } from "../nn/network.ts";
import type { Shape } from "../nn/variables.ts";
import type { ExternalWeights } from "../experiment/weights.ts";
import { Failure } from "../values/failure.ts";
import { loadCheckpoint } from "../weights/checkpoint.ts";
import { importWithItsClasses } from "../weights/import_weights.ts";
import { openWeights, resolveWeights } from "../weights/locate_weights.ts";
import type { Value } from "../weights/value.ts";
import type { ResolvedTrained } from "./resolve.ts";
import type { Settings } from "./settings.ts";
import { checkImages, type NetworkWeights } from "./trained.ts";

/** Gives the values of a student's variables in the stages that another network has too. */
export type BodyWeights = NonNullable<NetworkWeights>;

/** A body from weights that were trained elsewhere. */
export interface ExternalBody {
  readonly weights: BodyWeights;
  /** The name of the weights: the network's, and their file's. */
  readonly id: string;
  /** The SHA-256 of the file, in hexadecimal digits. */
  readonly sha256: string;
}

/**
 * Reads the body of a student from another experiment's run. Rejects with a `Failure` (exit 3) if
 * that fails.
 */
export async function trainedBody(
  student: Net,
  trained: ResolvedTrained,
  say: (line: string) => void,
): Promise<BodyWeights> {
  const { experiment: { student: network }, folder, weights: path } = trained;
  const { tensors } = await loadCheckpoint(path);
  const facts = await folder.data();
  const ofImages = (image: Shape) => {
    checkImages(trained, facts, image);
    return tensors;
  };
  return bodyOf(student, { network, path, tensors: ofImages }, say);
}

/**
 * Reads the body of a student from weights that were trained elsewhere, which are downloaded if
 * they have an address. Rejects with a `Failure` (exit 3) if that fails.
 */
export async function externalBody(
  student: Net,
  external: ExternalWeights,
  root: string,
  { data, status }: Pick<Settings, "data" | "status">,
): Promise<ExternalBody> {
  const resolved = await resolveWeights(external, root, data);
  const { network, path } = resolved;
  const file = await openWeights(resolved, status.line);
  const tensors = (image: Shape) => importWithItsClasses(network, image, file, status.line);
  return {
    weights: bodyOf(student, { network, path, tensors }, status.line),
    id: `${network.id}:${basename(path)}`,
    sha256: file.sha256,
  };
}

/** The trained weights of the network that gives the body. */
interface Source {
  readonly network: Net;
  /** The file of its weights. */
  readonly path: string;
  /** Its variables by name, for images of this shape. */
  readonly tensors: (image: Shape) => ReadonlyMap<string, Value>;
}

/** The part that a student shares with the network that gives its body. */
export interface SharedBody {
  /** The stages that both networks have, in the order of the student. */
  readonly taps: readonly string[];
  /** The shapes of its variables, by their names inside both networks. */
  readonly shapes: ReadonlyMap<string, Shape>;
}

/**
 * Finds the part that a student shares with another network, for images of `image`: the stages of
 * both but `logits`. Makes no tensor. Throws a `Failure` (exit 2) if it has no variable, or one that
 * the other network lacks or has in another shape.
 */
export function sharedBody(
  student: Net,
  network: Net,
  image: Shape,
  classes: number,
): SharedBody {
  const theirTaps = new Set(Object.keys(network.stages(classes, image)));
  const taps = Object.keys(student.stages(classes, image))
    .filter((tap) => theirTaps.has(tap) && tap !== "logits");
  const shapes = new Map(
    Array.from(variableShapes(student, image, classes))
      .filter(([variable]) => taps.some((tap) => variable.startsWith(`${tap}.`))),
  );
  const theirs = variableShapes(network, image, classes);
  const owner = `startBody: the body of ${network.id} is not that of ${student.id}`;
  if (shapes.size === 0) throw new Failure(2, `${owner}: they share no variable`);
  for (const [variable, shape] of shapes) {
    const their = theirs.get(variable);
    if (their?.join() === shape.join()) continue;
    const found = their ? `is [${their}] there` : "is missing there";
    throw new Failure(
      2,
      `${owner}: ${variable} ${found}, [${shape}] here; give both networks the same options`,
    );
  }
  return { taps, shapes };
}

function bodyOf(student: Net, source: Source, say: (line: string) => void): BodyWeights {
  const { network, path } = source;
  return (image, classes) => {
    const { taps, shapes } = sharedBody(student, network, image, classes);
    const tensors = source.tensors(image);
    const started = new Map<string, Value>();
    for (const [variable, shape] of shapes) {
      const value = tensors.get(variable);
      if (value?.shape.join() !== shape.join()) {
        throw new Failure(
          3,
          `${path} has the weights of another network than ${network.id}: ${variable} ` +
            `${value ? `has the shape [${value.shape}]` : "is missing"}, wanted [${shape}]`,
        );
      }
      started.set(variable, value);
    }
    say(
      `${student.id} starts with ${started.size} variables of ${network.id} in ${path}: those of ` +
        taps.join(", "),
    );
    return started;
  };
}
