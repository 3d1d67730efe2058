import { Failure } from "../../lib/values/failure.ts";
import type { ImageFiles } from "./image_split.ts";
import type { Tree } from "../files/tree.ts";

/** The images of two folders that have a folder for each class, the same ones in both. */
export interface ClassFolders {
  /** The folders' names, sorted. */
  readonly classes: readonly string[];
  /** The files of the one, class by class and sorted by name. */
  readonly train: ImageFiles;
  /** The files of the other. */
  readonly test: ImageFiles;
}

/**
 * Finds the images of both folders. Throws a `Failure` (exit 3) also where a class is in one of the
 * two only.
 */
export function classFolders(tree: Tree, train: string, test: string): ClassFolders {
  const trained = imagesByClass(tree, train);
  const tested = imagesByClass(tree, test);
  const classes = [...trained.keys()].sort();
  for (const [here, there, name] of [[trained, tested, test], [tested, trained, train]] as const) {
    const missing = [...here.keys()].find((one) => !there.has(one));
    if (missing !== undefined) {
      throw new Failure(3, `${tree.path}: there is no class ${missing} below ${name}`);
    }
  }
  const files = (images: ReadonlyMap<string, readonly string[]>): ImageFiles => ({
    names: classes.flatMap((label) => images.get(label)!),
    labels: classes.flatMap((label, i) => images.get(label)!.map(() => i)),
  });
  return { classes, train: files(trained), test: files(tested) };
}

/**
 * The JPEG and PNG files, at any depth, of each class folder below a folder, sorted by name; what
 * is hidden or no image is passed over. Throws a `Failure` (exit 3) where there is no such folder
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
