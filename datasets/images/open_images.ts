import type { Opened } from "../../lib/data/dataset.ts";
import { Failure } from "../../lib/values/failure.ts";
import { type Decoders, decoders } from "./decoders.ts";
import { openTree, type Tree } from "../files/tree.ts";

/** Where image files are. */
export interface ImagePlace {
  /** A directory or a `.zip`, whose ending may be left out. */
  readonly path: string;
  /** Whether a zip that has everything in one folder is as that folder; no by default. */
  readonly unwrap?: boolean;
  /** What has to be where, for the end of a message that something is missing. */
  readonly expected?: string;
}

/**
 * Opens a tree of image files: what `open` makes of it, with workers that decode. Rejects with a
 * `Failure` (exit 3), all closed, where something is missing or broken.
 */
export async function openImages(
  { path, unwrap, expected }: ImagePlace,
  open: (tree: Tree, decoders: Decoders) => Omit<Opened, "close"> | Promise<Omit<Opened, "close">>,
): Promise<Opened> {
  let tree: Tree | undefined;
  try {
    const opened = tree = await openTree(path, unwrap);
    const workers = decoders();
    const close = () => {
      workers.close();
      opened.close();
    };
    return { ...await open(opened, workers), close };
  } catch (error) {
    tree?.close();
    if (expected && error instanceof Failure) {
      throw new Failure(error.exit, `${error.message}; ${expected}`);
    }
    throw error;
  }
}
