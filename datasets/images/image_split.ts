import type { Draw, Split } from "../../lib/data/dataset.ts";
import { Failure, messageOf } from "../../lib/values/failure.ts";
import type { Tree } from "../files/tree.ts";
import type { Cut } from "./cut.ts";
import type { Decoders } from "./decoders.ts";

/** Image files of a tree with a class each. */
export interface ImageFiles {
  /** The name of each file in the tree. */
  readonly names: readonly string[];
  /** The class of each. */
  readonly labels: readonly number[];
}

/**
 * Image files as a split of images of `size` × `size` pixels that keeps nothing: whatever is read
 * is decoded by workers and cut as `cut` says.
 */
export function imageSplit(
  tree: Tree,
  { names, labels }: ImageFiles,
  decoders: Decoders,
  size: number,
  cut: (index: number, draw?: Draw) => Cut,
): Split {
  const bytes = size * size * 3;
  const pixels = async (index: number, draw?: Draw): Promise<Uint8Array> => {
    try {
      return await decoders.decode(() => tree.read(names[index]), cut(index, draw));
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure(
        3,
        `${tree.path}: ${names[index]} is broken (${messageOf(error)}): replace it or remove it`,
      );
    }
  };
  return {
    size: names.length,
    labels: Int32Array.from(labels),
    async read(indices, draw) {
      const out = new Uint8Array(indices.length * bytes);
      await Promise.all(
        Array.from(indices, async (index, i) => out.set(await pixels(index, draw), i * bytes)),
      );
      return out;
    },
  };
}

/**
 * The files as a split of their central squares, scaled to `size` × `size` pixels, each kept once
 * it was read.
 */
export function squares(tree: Tree, files: ImageFiles, decoders: Decoders, size: number): Split {
  return kept(
    imageSplit(tree, files, decoders, size, () => ({ kind: "square", size })),
    3 * size ** 2,
  );
}

/** Up to so many bytes a split's images are kept: enough for all of Tiny-ImageNet. */
const KEPT = 1.25 * 2 ** 30;

/**
 * The split with every image kept once it was read, `bytes` of each; the same split where all of
 * them are more than 1.25 GiB. Only for one whose images are always read the same.
 */
function kept(split: Split, bytes: number): Split {
  if (split.size * bytes > KEPT) return split;
  const pixels = new Uint8Array(split.size * bytes);
  const known = new Uint8Array(split.size);
  const place = (index: number) => pixels.subarray(index * bytes, (index + 1) * bytes);
  return {
    ...split,
    async read(indices) {
      const missing = [...new Set(Array.from(indices).filter((index) => !known[index]))];
      if (missing.length > 0) {
        const read = await split.read(missing);
        missing.forEach((index, i) => {
          place(index).set(read.subarray(i * bytes, (i + 1) * bytes));
          known[index] = 1;
        });
      }
      const out = new Uint8Array(indices.length * bytes);
      for (let i = 0; i < indices.length; i++) out.set(place(indices[i]), i * bytes);
      return out;
    },
  };
}
