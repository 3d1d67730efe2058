import { variableShapes } from "../nn/description.ts";
import type { Net } from "../nn/network.ts";
import type { Shape } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import { listMismatches } from "./checkpoint.ts";
import { referenceName } from "./names.ts";
import { permute, type Value } from "./value.ts";
import type { WeightsFile } from "./weights_file.ts";

/** How a file writes a network's variables down. */
interface Layout {
  /** What a variable of ours is called there. */
  readonly name: (variable: string) => string;
  /**
   * Which of its dimensions there are ours, in our order, for each number of dimensions; those not
   * named come as they are.
   */
  readonly axes: Readonly<Record<number, readonly number[]>>;
}

/** What our runs write. */
const OURS: Layout = { name: (variable) => variable, axes: {} };

/**
 * What PyTorch writes of the reference implementations: convolutions out, in, height, width; dense
 * layers out, in.
 */
const theirs = (network: Net): Layout => ({
  name: (variable) => referenceName(network, variable),
  axes: { 2: [1, 0], 4: [2, 3, 1, 0] },
});

/** How many problems a message lists. */
const LISTED = 40;

/**
 * A network's variables, for images of `image` and a number of classes, by our names and in our
 * layout, from a file in either naming: ours, or that of the reference implementations. Throws a
 * `Failure` (exit 3) that lists every tensor that is missing, extra or of another shape, or names
 * one that is not finite.
 */
export function importWeights(
  network: Net,
  image: Shape,
  classes: number,
  { path, tensors }: WeightsFile,
): ReadonlyMap<string, Value> {
  const shapes = variableShapes(network, image, classes);
  const layout = layoutOf(network, shapes, tensors);
  const wanted = written(shapes, layout);
  const problems = listMismatches(tensors, wanted);
  if (problems.length > 0) {
    const other = firstOtherSize(tensors, wanted);
    const isItsHead = other !== undefined &&
      listMismatches(tensors, written(variableShapes(network, image, other), layout)).length === 0;
    const what = isItsHead
      ? `${network.id} for ${other} classes, and the data set has ${classes}`
      : `another network than ${network.id} for ${image.join("×")} images and ${classes} classes`;
    const more = problems.length > LISTED ? [`… and ${problems.length - LISTED} more`] : [];
    const lines = [...problems.slice(0, LISTED), ...more].map((line) => `\n  ${line}`).join("");
    throw new Failure(
      3,
      `${path} has the weights of ${what}; \`deno task weights ${path}\` shows what is in it${lines}`,
    );
  }
  return new Map(
    Array.from(shapes.keys(), (variable) => {
      const name = layout.name(variable);
      const value = tensors.get(name)!;
      if (value.data.every(Number.isFinite)) return [variable, inOurs(value, layout)];
      throw new Failure(
        3,
        `${path}: ${name} is not finite: the file is damaged, or its training went wrong`,
      );
    }),
  );
}

/** The layout in which more of a network's variables are there. */
function layoutOf(
  network: Net,
  shapes: ReadonlyMap<string, Shape>,
  tensors: ReadonlyMap<string, Value>,
): Layout {
  if (!network.names) return OURS;
  const references = theirs(network);
  const variables = [...shapes.keys()];
  const there = ({ name }: Layout) =>
    variables.filter((variable) => tensors.has(name(variable))).length;
  return there(OURS) > there(references) ? OURS : references;
}

/** The shapes that a file in this layout has, by its own names. */
function written(shapes: ReadonlyMap<string, Shape>, { name, axes }: Layout): Map<string, Shape> {
  return new Map(
    Array.from(shapes, ([variable, shape]) => {
      const order = axes[shape.length];
      return [name(variable), order ? shape.map((_, axis) => shape[order.indexOf(axis)]) : shape];
    }),
  );
}

/** The first size that is not the wanted one. */
function firstOtherSize(
  tensors: ReadonlyMap<string, Value>,
  wanted: ReadonlyMap<string, Shape>,
): number | undefined {
  return wanted.entries().flatMap(([name, shape]) =>
    tensors.get(name)?.shape.filter((size, axis) => size !== shape[axis]) ?? []
  ).next().value;
}

/** A tensor in our layout, of floats. */
function inOurs({ shape, data }: Value, { axes }: Layout): Value {
  const value = { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
  return axes[shape.length] ? permute(value, axes[shape.length]) : value;
}
