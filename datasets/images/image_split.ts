import type { Draw, Split } from "../../lib/data/dataset.ts";
import { Failure, messageOf } from "../../lib/values/failure.ts";
import type { Tree } from "../files/tree.ts";
import type { Cut } from "./cut.ts";
import type { Decoders } from "./decoders.ts";

/** Image files of a tree and their classes. */
export interface ImageFiles {
  /** The name of each file in the tree. */
  readonly names: readonly string[];
  /** The index of each file's class. */
  readonly labels: readonly number[];
}

/**
 * Makes a split of image files, with images of `size` × `size` pixels. Each read decodes them again
 * in the workers and cuts them by `cut`.
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
    files: {
      names,
      look: (index) => tree.look(names[index]),
      checksum: (index) => tree.checksum(names[index]),
    },
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
 * Makes a split of the files' central squares, scaled to `size` × `size` pixels. The pixels are
 * cached unless all of them together are larger than 1.25 GiB.
 */
export function squareSplit(
  tree: Tree,
  files: ImageFiles,
  decoders: Decoders,
  size: number,
): Split {
  return cacheImages(
    imageSplit(tree, files, decoders, size, () => ({ kind: "square", size })),
    3 * size ** 2,
  );
}

/** Most bytes of a split's cache: enough for all of Tiny-ImageNet. */
const MOST_BYTES = 1.25 * 2 ** 30;

/**
 * Adds a cache to a split with images of `bytes` bytes. Returns the split itself if they would need
 * more than 1.25 GiB. Every read of an image must give the same pixels.
 */
function cacheImages(split: Split, bytes: number): Split {
  if (split.size * bytes > MOST_BYTES) return split;
  const pixels = new Uint8Array(split.size * bytes);
  const isCached = new Uint8Array(split.size);
  const place = (index: number) => pixels.subarray(index * bytes, (index + 1) * bytes);
  return {
    ...split,
    async read(indices) {
      const missing = [...new Set(Array.from(indices).filter((index) => !isCached[index]))];
      if (missing.length > 0) {
        const read = await split.read(missing);
        missing.forEach((index, i) => {
          place(index).set(read.subarray(i * bytes, (i + 1) * bytes));
          isCached[index] = 1;
        });
      }
      const out = new Uint8Array(indices.length * bytes);
      for (let i = 0; i < indices.length; i++) out.set(place(indices[i]), i * bytes);
      return out;
    },
  };
}
