import { variableShapes } from "../nn/description.ts";
import type { Net } from "../nn/network.ts";
import { type Shape, sizeOf } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import { listMismatches } from "./checkpoint.ts";
import { below, commonPrefixes, prefixesOf, referenceName, withoutWrappers } from "./names.ts";
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
  /** The variables of four dimensions that the file has with the last three in one. */
  readonly flattened: readonly string[];
}

/** The layout of Retort's own runs. */
const OWN_LAYOUT: Layout = { name: (variable) => variable, axes: {}, flattened: [] };

/**
 * The layout of the reference implementations in PyTorch: convolutions out, in, height, width;
 * dense layers out, in.
 */
const referenceLayout = (network: Net): Layout => ({
  name: (variable) => referenceName(network, variable),
  axes: { 2: [1, 0], 4: [2, 3, 1, 0] },
  flattened: network.flattened ?? [],
});

/** A message lists so many problems of a kind at most. */
const MAX_LISTED = 12;

/** The tensors of a file by name. */
export type NamedTensors =
  & Pick<WeightsFile, "path" | "tensors" | "image">
  & Partial<Pick<WeightsFile, "prefix">>;

/** The tensors of a file by shorter names, and how these fit a network. */
interface Fit {
  readonly tensors: ReadonlyMap<string, Value>;
  /** What comes off the file's names, in words. Empty if nothing does. */
  readonly off: string;
  /** The prefix that chooses these tensors, if not all of the file's names have it. */
  readonly prefix?: string;
  readonly layout: Layout;
  /** The shapes that they should have. */
  readonly expected: ReadonlyMap<string, Shape>;
  /** Variables that the file has for images of another size, for the network's, in its layout. */
  readonly resized: ReadonlyMap<string, Value>;
  /** A line for each tensor that is missing, extra, of another shape or not to be resized. */
  readonly problems: readonly string[];
}

/**
 * Reads a network's variables from a file, for images of `image` and a number of classes. Returns
 * them by Retort's names and in Retort's layout. The file may use Retort's names or those of the
 * reference implementations, and a prefix or wrappers before all of them, which `log` is told. What
 * the file has for images of another size is resized, if the network says how; `log` is told too.
 * Throws a `Failure` (exit 3) that lists the tensors that are missing, extra, of another shape or not
 * to be resized, or names one that is not finite.
 */
export function importWeights(
  network: Net,
  image: Shape,
  classes: number,
  file: NamedTensors,
  log: (line: string) => void = () => {},
): ReadonlyMap<string, Value> {
  const shapes = variableShapes(network, image, classes);
  const size = { image, shapes, from: file.image };
  const fits = wholeFits(network, size, file.tensors);
  const found = fits.find(({ problems }) => problems.length === 0);
  if (!found) throw misfit(network, size, classes, file, fits);
  const { path } = file;
  const { layout, tensors, off, resized } = found;
  if (off !== "") log(`${path}: ${off} comes off the names of its tensors to fit ${network.id}`);
  const imagesOf = (shape: Shape) => `images of ${shape.join("×")}`;
  const other = file.image ? imagesOf(file.image) : "other images, taken as square ones,";
  for (const variable of resized.keys()) {
    log(`${path}: ${variable} of ${other} is resized for ${imagesOf(image)}`);
  }
  return new Map(
    Array.from(shapes, ([variable, shape]) => {
      const name = layout.name(variable);
      const value = tensors.get(name)!;
      if (value.data.every(Number.isFinite)) {
        return [variable, resized.get(variable) ?? toOwnLayout(value, layout, variable, shape)];
      }
      throw new Failure(
        3,
        `${path}: ${name} is not finite: the file is damaged, or its training went wrong`,
      );
    }),
  );
}

/**
 * Reads a network's variables from a file that may know any number of classes, as where only its
 * body is taken. Throws like `importWeights`.
 */
export function importWithItsClasses(
  network: Net,
  image: Shape,
  file: NamedTensors,
  log?: (line: string) => void,
): ReadonlyMap<string, Value> {
  const designed = network.designSize?.classes ?? 100;
  const fitWith = (classes: number) => {
    const size = { image, shapes: variableShapes(network, image, classes), from: file.image };
    return nearest(wholeFits(network, size, file.tensors));
  };
  const best = fitWith(designed);
  const found = firstOtherSize(best.tensors, best.expected) ?? designed;
  // In the file of another network, the first other size need not be that of the classes.
  const classes = fitWith(found).problems.length < best.problems.length ? found : designed;
  return importWeights(network, image, classes, file, log);
}

/** The fits of all tensors of a file, by each of its renamings. */
function wholeFits(
  network: Net,
  size: Size,
  tensors: ReadonlyMap<string, Value>,
): Fit[] {
  return renamings(tensors).map(([off, named]) => fit(network, size, named, off));
}

/** The fit with the fewest problems, the first of them. */
const nearest = (fits: readonly Fit[]): Fit =>
  fits.reduce((one, other) => other.problems.length < one.problems.length ? other : one);

/** The tensors by the file's own names, then without wrappers and without what all names share. */
function renamings(
  tensors: ReadonlyMap<string, Value>,
): [off: string, tensors: ReadonlyMap<string, Value>][] {
  const bare = new Map(Array.from(tensors, ([name, value]) => [withoutWrappers(name), value]));
  const isBare = [...tensors.keys()].every((name) => bare.has(name)) || bare.size < tensors.size;
  const wrappers = "the wrappers' names (module., _orig_mod. and the like)";
  const named: [string, ReadonlyMap<string, Value>][] = isBare
    ? [["", tensors]]
    : [["", tensors], [wrappers, bare]];
  const shortened = named.flatMap(([off, tensors]) =>
    commonPrefixes([...tensors.keys()]).map((prefix): [string, ReadonlyMap<string, Value>] => [
      [off, `"${prefix}"`].filter(Boolean).join(" and "),
      below(tensors, prefix),
    ])
  );
  return [...named, ...shortened];
}

/** The images that a network is for, its variables' shapes then, and the file's images. */
interface Size {
  readonly image: Shape;
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly from: Shape | undefined;
}

function fit(
  network: Net,
  size: Size,
  named: ReadonlyMap<string, Value>,
  off: string,
): Fit {
  const { presentName = (name) => name } = network;
  const tensors = new Map(Array.from(named, ([name, value]) => [presentName(name), value]));
  const layout = layoutOf(network, size.shapes, tensors);
  const { resized, refused } = resize(network, size, tensors, layout);
  const expected = shapesInFile(size.shapes, layout);
  for (const variable of resized.keys()) {
    const name = layout.name(variable);
    expected.set(name, tensors.get(name)!.shape);
  }
  const problems = [...listMismatches(tensors, expected), ...refused];
  return { tensors, off, layout, expected, resized, problems };
}

/**
 * The variables that a file has for other images, converted, and a line for each that cannot be.
 */
function resize(
  network: Net,
  { image, shapes, from }: Size,
  tensors: ReadonlyMap<string, Value>,
  layout: Layout,
): { readonly resized: ReadonlyMap<string, Value>; readonly refused: readonly string[] } {
  const resized = new Map<string, Value>();
  const refused: string[] = [];
  const isOfImages = !from || String(from) === String(image);
  for (const [variable, shape] of network.resize ? shapes : []) {
    const name = layout.name(variable);
    const value = tensors.get(name);
    if (!value) continue;
    const own = toOwnLayout(value, layout, variable, shape);
    if (isOfImages && String(own.shape) === String(shape)) continue;
    const data = network.resize?.(variable, own, { from, to: image });
    if (typeof data === "string") refused.push(`cannot be resized: ${name} ${data}`);
    else if (data) resized.set(variable, { shape, data });
  }
  return { resized, refused };
}

/** The fits of the tensors below a prefix that not all names have, but enough for the network. */
function partialFits(
  network: Net,
  size: Size,
  tensors: ReadonlyMap<string, Value>,
): Fit[] {
  const counts = new Map<string, number>();
  for (const prefix of tensors.keys().flatMap(prefixesOf)) {
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count >= size.shapes.size / 2 && count < tensors.size)
    .map(([prefix]) => ({ ...fit(network, size, below(tensors, prefix), ""), prefix }));
}

function misfit(
  network: Net,
  size: Size,
  classes: number,
  { path, tensors, prefix: outer = "" }: NamedTensors,
  whole: readonly Fit[],
): Failure {
  const { image } = size;
  const partial = partialFits(network, size, tensors);
  const option = (prefix = "") => `\`prefix: ${JSON.stringify(outer + prefix)}\``;
  const exact = partial.filter(({ problems }) => problems.length === 0);
  if (exact.length > 0) {
    const options = exact.map(({ prefix }) => option(prefix)).join(" or ");
    return new Failure(
      3,
      `${path} has more than the weights of ${network.id}: choose ${options} in weights(…), ` +
        "or --prefix of a command",
    );
  }
  const best = nearest([...whole, ...partial]);
  const otherClasses = firstOtherSize(best.tensors, best.expected);
  const otherSize = (classes: number): Size => ({
    ...size,
    shapes: variableShapes(network, image, classes),
  });
  const hasOtherHead = otherClasses !== undefined &&
    fit(network, otherSize(otherClasses), best.tensors, "").problems.length === 0;
  const contents = hasOtherHead
    ? `${network.id} for ${otherClasses} classes, and the data set has ${classes}`
    : `another network than ${network.id} for ${image.join("×")} images and ${classes} classes`;
  const hints = [
    `${path} has the weights of ${contents}`,
    `\`deno task weights ${path}\` shows what is in it`,
  ];
  if (best.prefix !== undefined) {
    const share = `${best.tensors.size} of its ${tensors.size} names`;
    hints.push(`${option(best.prefix)}, which ${share} have, comes nearest`);
  } else if (best.off !== "") hints.push(`without ${best.off} its names come nearest`);
  return new Failure(3, hints.join("; ") + shorten(best.problems));
}

/** The first problems of each kind, a line each, and the number of the others. */
function shorten(problems: readonly string[]): string {
  return Object.entries(Object.groupBy(problems, (line) => line.split(":")[0]))
    .flatMap(([kind, lines = []]) => {
      const left = lines.length - MAX_LISTED;
      return [...lines.slice(0, MAX_LISTED), ...left > 0 ? [`… and ${left} more ${kind}`] : []];
    }).map((line) => `\n  ${line}`).join("");
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
  layout: Layout,
): Map<string, Shape> {
  return new Map(
    Array.from(shapes, ([variable, shape]) => {
      const ordered = inFileOrder(shape, layout);
      return [
        layout.name(variable),
        layout.flattened.includes(variable) ? [ordered[0], sizeOf(ordered.slice(1))] : ordered,
      ];
    }),
  );
}

/** A variable's shape with the file's order of dimensions. */
function inFileOrder(shape: Shape, { axes }: Layout): Shape {
  const order = axes[shape.length];
  return order ? shape.map((_, axis) => shape[order.indexOf(axis)]) : shape;
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

/** Converts the tensor of a variable, which has the shape `own` here, to Retort's layout and to floats. */
function toOwnLayout(
  { shape, data }: Value,
  layout: Layout,
  variable: string,
  own: Shape,
): Value {
  const value = {
    shape: layout.flattened.includes(variable) ? inFileOrder(own, layout) : shape,
    data: data instanceof Float32Array ? data : Float32Array.from(data),
  };
  const order = layout.axes[value.shape.length];
  return order ? permute(value, order) : value;
}
