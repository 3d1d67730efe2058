import { Failure } from "../../lib/values/failure.ts";
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

/**
 * Finds the images of both folders. Throws a `Failure` (exit 3) if `imagesByClass` does, or if only
 * one of the folders has a class.
 */
export function classFolders(tree: Tree, train: string, test: string): ClassFolders {
  const training = imagesByClass(tree, train);
  const testing = imagesByClass(tree, test);
  const classes = [...training.keys()].sort();
  const orders = [[training, testing, test], [testing, training, train]] as const;
  for (const [images, others, name] of orders) {
    const missing = [...images.keys()].find((one) => !others.has(one));
    if (missing !== undefined) {
      throw new Failure(3, `${tree.path}: there is no class ${missing} below ${name}`);
    }
  }
  const files = (images: ReadonlyMap<string, readonly string[]>): ImageFiles => ({
    names: classes.flatMap((label) => images.get(label)!),
    labels: classes.flatMap((label, i) => images.get(label)!.map(() => i)),
  });
  return { classes, train: files(training), test: files(testing) };
}

/**
 * Lists the JPEG and PNG files of each class folder in a folder, at any depth and sorted by name.
 * Hidden files and other files are ignored. Throws a `Failure` (exit 3) if there is no class folder
 * or a class has no image.
 */
export function imagesByClass(tree: Tree, folder: string): Map<string, string[]> {
  const images = new Map<string, string[]>();
  for (const name of tree.names(folder)) {
    const below = name.slice(folder.length + 1);
    const [label, ...inner] = below.split("/");
    if (inner.length === 0 || /(^|\/)\./.test(below)) continue;
    const files = images.get(label) ?? [];
    if (/\.(jpe?g|png)$/i.test(name)) files.push(name);
    images.set(label, files);
  }
  if (images.size === 0) {
    throw new Failure(3, `${tree.path} has no folders of classes below ${folder}`);
  }
  for (const [label, files] of images) {
    if (files.length === 0) {
      throw new Failure(3, `${tree.path}: class ${label} has no JPEG or PNG below ${folder}`);
    }
    files.sort();
  }
  return images;
}
