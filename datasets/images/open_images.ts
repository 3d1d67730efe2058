import { AbsentDataset, type OpenDataset } from "../../lib/data/dataset.ts";
import { Failure } from "../../lib/values/failure.ts";
import { type Decoders, decoders } from "./decoders.ts";
import { openTree, type Tree } from "../files/tree.ts";
import { zippedFolders } from "../files/zipped_folders.ts";

/** The place of image files. */
export interface ImagePlace {
  /** A directory or a `.zip`, whose ending may be omitted. */
  readonly path: string;
  /** A file or folder at its top, by which a folder around all of it is told apart. */
  readonly top: string;
  /** Folders at its top that may be zips of their names. Default: none. */
  readonly zips?: readonly string[];
  /** A description of the expected files, for the end of messages about missing ones. */
  readonly expected?: string;
}

/**
 * Opens a tree of image files and starts decoders. `open` makes the data set of them. Rejects with
 * a `Failure` (exit 3) if a file is missing or broken, after it closed the tree, and with an
 * `AbsentDataset` if there is no tree. Prints on `log` what a user should know of the tree.
 */
export async function openImages(
  { path, top, zips = [], expected }: ImagePlace,
  log: ((line: string) => void) | undefined,
  open: (
    tree: Tree,
    decoders: Decoders,
  ) => Omit<OpenDataset, "close"> | Promise<Omit<OpenDataset, "close">>,
): Promise<OpenDataset> {
  let tree: Tree | undefined;
  try {
    tree = await openTree(path, top);
    const opened = tree = await zippedFolders(tree, zips);
    if (opened.note) log?.(`${opened.path}: ${opened.note}`);
    const workers = decoders();
    const close = () => {
      workers.close();
      opened.close();
    };
    return { ...await open(opened, workers), place: `${opened.path}, image files`, close };
  } catch (error) {
    tree?.close();
    if (expected && error instanceof Failure) {
      const message = `${error.message}; ${expected}`;
      throw error instanceof AbsentDataset
        ? new AbsentDataset(message)
        : new Failure(error.exit, message);
    }
    throw error;
  }
}
