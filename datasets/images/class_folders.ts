import { Failure } from "../../lib/values/failure.ts";
import { ENDINGS } from "./formats/format.ts";
import type { ImageFiles } from "./image_split.ts";
import type { Tree } from "../files/tree.ts";

/** The images of two folders, train and test, with one folder per class and the same classes. */
export interface ClassFolders {
  /** The class folders' names, sorted. */
  readonly classes: readonly string[];
  /** The training files, class by class and sorted by name. */
  readonly train: ImageFiles;
  /** The test files in the same order. */
  readonly test: ImageFiles;
}

/** The files of a folder with one folder per class. */
export interface ClassImages {
  /** The names in the tree of each class's images, sorted. Names of classes are in Unicode's NFC. */
  readonly images: ReadonlyMap<string, readonly string[]>;
  /** The names in the folder of the files that are no images of a class. */
  readonly others: readonly string[];
}

/**
 * Finds the images of both folders and says on `log` which files are left out and which formats are
 * rare. Throws a `Failure` (exit 3) if `imagesByClass` does, or if only one of the folders has a
 * class.
 */
export function classFolders(
  tree: Tree,
  train: string,
  test: string,
  log?: (line: string) => void,
): ClassFolders {
  const training = imagesByClass(tree, train);
  const testing = imagesByClass(tree, test);
  checkSame(tree, training.images, testing.images, test);
  checkSame(tree, testing.images, training.images, train);
  sayLeftOut(tree, [...training.others, ...testing.others], log);
  const rare = [training, testing].flatMap(({ images }) => [...images.values()].flat())
    .filter((name) => !/\.(jpe?g|png)$/i.test(name));
  if (rare.length > 0) log?.(`${tree.path}: images that are neither JPEG nor PNG: ${kinds(rare)}`);
  const classes = [...training.images.keys()].sort(byLetters);
  const files = ({ images }: ClassImages): ImageFiles => ({
    names: classes.flatMap((label) => images.get(label)!),
    labels: classes.flatMap((label, i) => images.get(label)!.map(() => i)),
  });
  return { classes, train: files(training), test: files(testing) };
}

/** Sorts as Python does: by letters, not by the halves of which JavaScript makes an emoji. */
function byLetters(a: string, b: string): number {
  const [first, second] = [a, b].map((text) => Array.from(text, (one) => one.codePointAt(0)!));
  const at = first.findIndex((letter, i) => letter !== second[i]);
  return at < 0 ? first.length - second.length : first[at] - (second[at] ?? -1);
}

/** Throws a `Failure` (exit 3) if the folder `name`, with `others`, lacks one of the classes. */
function checkSame(
  { path }: Tree,
  classes: ClassImages["images"],
  others: ClassImages["images"],
  name: string,
): void {
  const [missing, ...more] = [...classes.keys()].filter((one) => !others.has(one));
  if (missing === undefined) return;
  const alike = [...others.keys()].find((one) => letters(one) === letters(missing));
  const further = more.length === 0
    ? ""
    : `, nor ${more.length} other${more.length > 1 ? "s" : ""}`;
  const wayOut = alike === undefined
    ? `${further}: each class has to have images to train on and to test on`
    : `, but ${JSON.stringify(alike)}: rename one of the two`;
  throw new Failure(3, `${path}: there is no class ${missing} below ${name}${wayOut}`);
}

/** A name without the differences that are easily overlooked: of case, width and spaces. */
const letters = (name: string): string =>
  name.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();

/**
 * Lists the image files of each class folder in a folder, at any depth. Throws a `Failure` (exit 3)
 * if there is no class folder, a class has no image, or two have names that look the same.
 */
export function imagesByClass(tree: Tree, folder: string): ClassImages {
  const images = new Map<string, string[]>();
  const folders = new Map<string, string>();
  const others: string[] = [];
  for (const name of tree.names(folder)) {
    const below = name.slice(folder.length + 1);
    const [label, ...inner] = below.split("/");
    if (inner.length === 0 || isHidden(below)) {
      if (!name.endsWith("/")) others.push(below);
      continue;
    }
    // macOS packs the letters of é apart.
    const composed = label.normalize("NFC");
    if ((folders.get(composed) ?? label) !== label) {
      throw new Failure(
        3,
        `${tree.path}: ${folder} has two folders ${composed}, their letters in two Unicode forms: rename or merge them`,
      );
    }
    folders.set(composed, label);
    const files = images.get(composed) ?? [];
    images.set(composed, files);
    if (ENDINGS.test(name)) files.push(name);
    else if (!name.endsWith("/")) others.push(below);
  }
  if (images.size === 0) {
    throw new Failure(3, `${tree.path} has no folders of classes below ${folder}`);
  }
  for (const [label, files] of images) {
    if (files.length === 0) {
      const own = others.filter((name) => name.startsWith(`${folders.get(label)}/`));
      throw new Failure(
        3,
        `${tree.path}: class ${label} has no image below ${folder}${
          own.length > 0 ? `, only ${kinds(own)}` : ""
        }: add some, or remove the folder`,
      );
    }
    files.sort(compareNames);
  }
  return { images, others };
}

/** The order of names, the same in either of Unicode's forms: a copy may have the other one. */
function compareNames(one: string, other: string): number {
  const [a, b] = [one.normalize(), other.normalize()];
  return a < b ? -1 : a > b ? 1 : 0;
}

const isHidden = (path: string): boolean => /(^|\/)\./.test(path);

/** Says how many files of which kinds are not read, if there are any. */
export function sayLeftOut(
  { path }: Tree,
  others: readonly string[],
  log?: (line: string) => void,
): void {
  if (others.length === 0) return;
  const files = others.length === 1 ? "1 file is" : `${others.length} files are`;
  log?.(`${path}: ${files} left out, no images of a class that are read: ${kinds(others)}`);
}

/** Counts files by their endings, as `15 .gif, 2 .txt, 1 hidden`. */
function kinds(names: readonly string[]): string {
  const kind = (name: string) =>
    isHidden(name) ? "hidden" : /\.[^./]+$/.exec(name)?.[0].toLowerCase() ?? "without an ending";
  return [...Map.groupBy(names, kind)].sort(([, a], [, b]) => b.length - a.length)
    .map(([kind, { length }]) => `${length} ${kind}`).join(", ");
}
