import { statPath } from "./stat_path.ts";
import { openTree, type Tree } from "./tree.ts";

/**
 * Adds folders at a tree's top that are zips of their name on the disk: `train2017` may be
 * `train2017.zip`, which has `train2017/…` inside. Closing it closes the tree too. Rejects with a
 * `Failure` (exit 3) if such a zip is broken; the tree is then still open.
 */
export async function zippedFolders(tree: Tree, folders: readonly string[]): Promise<Tree> {
  const zips = new Map<string, Tree>();
  const close = () => zips.forEach((zip) => zip.close());
  try {
    for (const folder of folders) {
      const path = `${tree.path}/${folder}`;
      if (await statPath(path) || !await statPath(`${path}.zip`)) continue;
      zips.set(folder, await openTree(`${path}.zip`, folder));
    }
  } catch (error) {
    close();
    throw error;
  }
  const treeOf = (name: string) => zips.get(name.split("/", 1)[0]) ?? tree;
  return {
    ...tree,
    names: (folder) => treeOf(folder).names(folder),
    read: (name) => treeOf(name).read(name),
    parts: (name) => treeOf(name).parts(name),
    head: (name, length) => treeOf(name).head(name, length),
    look: (name) => treeOf(name).look(name),
    checksum: (name) => treeOf(name).checksum(name),
    close() {
      close();
      tree.close();
    },
  };
}
