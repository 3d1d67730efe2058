import { variableShapes } from "../nn/description.ts";
import type { Net } from "../nn/network.ts";
import type { Shape } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import { listMismatches } from "./checkpoint.ts";
import { referenceName } from "./names.ts";
import { permute, type Value } from "./value.ts";
import type { WeightsFile } from "./weights_file.ts";

/** How a file stores a network's variables. */
interface Layout {
  /** The file's name for a variable of Retort. */
  readonly name: (variable: string) => string;
  /**
   * For each number of dimensions: which of the file's dimensions are Retort's, in Retort's order.
   * Default: the file's own order.
   */
  readonly axes: Readonly<Record<number, readonly number[]>>;
}

/** The layout of Retort's own runs. */
const OWN_LAYOUT: Layout = { name: (variable) => variable, axes: {} };

/**
 * The layout of the reference implementations in PyTorch: convolutions out, in, height, width;
 * dense layers out, in.
 */
const referenceLayout = (network: Net): Layout => ({
  name: (variable) => referenceName(network, variable),
  axes: { 2: [1, 0], 4: [2, 3, 1, 0] },
});

/** A message lists so many problems at most. */
const MAX_LISTED = 40;

/**
 * Reads a network's variables from a file, for images of `image` and a number of classes. Returns
 * them by Retort's names and in Retort's layout. The file may use Retort's names or those of the
 * reference implementations. Throws a `Failure` (exit 3) that lists every tensor that is missing,
 * extra or of another shape, or names one that is not finite.
 */
export function importWeights(
  network: Net,
  image: Shape,
  classes: number,
  { path, tensors }: WeightsFile,
): ReadonlyMap<string, Value> {
  const shapes = variableShapes(network, image, classes);
  const layout = layoutOf(network, shapes, tensors);
  const expected = shapesInFile(shapes, layout);
  const problems = listMismatches(tensors, expected);
  if (problems.length > 0) {
    const otherClasses = firstOtherSize(tensors, expected);
    const hasOtherHead = otherClasses !== undefined &&
      listMismatches(tensors, shapesInFile(variableShapes(network, image, otherClasses), layout))
          .length === 0;
    const contents = hasOtherHead
      ? `${network.id} for ${otherClasses} classes, and the data set has ${classes}`
      : `another network than ${network.id} for ${image.join("×")} images and ${classes} classes`;
    const more = problems.length > MAX_LISTED ? [`… and ${problems.length - MAX_LISTED} more`] : [];
    const lines = [...problems.slice(0, MAX_LISTED), ...more].map((line) => `\n  ${line}`).join("");
    throw new Failure(
      3,
      `${path} has the weights of ${contents}; \`deno task weights ${path}\` shows what is in it${lines}`,
    );
  }
  return new Map(
    Array.from(shapes.keys(), (variable) => {
      const name = layout.name(variable);
      const value = tensors.get(name)!;
      if (value.data.every(Number.isFinite)) return [variable, toOwnLayout(value, layout)];
      throw new Failure(
        3,
        `${path}: ${name} is not finite: the file is damaged, or its training went wrong`,
      );
    }),
  );
}

/** Chooses the layout in which the file has more of the network's variables. */
function layoutOf(
  network: Net,
  shapes: ReadonlyMap<string, Shape>,
  tensors: ReadonlyMap<string, Value>,
): Layout {
  if (!network.names) return OWN_LAYOUT;
  const reference = referenceLayout(network);
  const variables = [...shapes.keys()];
  const count = ({ name }: Layout) =>
    variables.filter((variable) => tensors.has(name(variable))).length;
  return count(OWN_LAYOUT) > count(reference) ? OWN_LAYOUT : reference;
}

/** The shapes of the variables in a file of this layout, by the file's own names. */
function shapesInFile(
  shapes: ReadonlyMap<string, Shape>,
  { name, axes }: Layout,
): Map<string, Shape> {
  return new Map(
    Array.from(shapes, ([variable, shape]) => {
      const order = axes[shape.length];
      return [name(variable), order ? shape.map((_, axis) => shape[order.indexOf(axis)]) : shape];
    }),
  );
}

/** The first size that differs from the expected one. */
function firstOtherSize(
  tensors: ReadonlyMap<string, Value>,
  expected: ReadonlyMap<string, Shape>,
): number | undefined {
  return expected.entries().flatMap(([name, shape]) =>
    tensors.get(name)?.shape.filter((size, axis) => size !== shape[axis]) ?? []
  ).next().value;
}

/** Converts a tensor to Retort's layout and to floats. */
function toOwnLayout({ shape, data }: Value, { axes }: Layout): Value {
  const value = { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
  return axes[shape.length] ? permute(value, axes[shape.length]) : value;
}
