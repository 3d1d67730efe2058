import { imageSize } from "image-size";
import type { ImageSource, Split } from "../../lib/data/dataset.ts";
import { drawName } from "../../lib/values/draw.ts";
import { Failure, messageOf } from "../../lib/values/failure.ts";
import type { Tree } from "../files/tree.ts";
import type { Cut } from "./cut.ts";
import type { Decoders } from "./decoders.ts";
import type { Interpolation } from "./resample.ts";
import { formatOf, HEAD } from "./formats/format.ts";

/** Image files of a tree and their classes. */
export interface ImageFiles {
  /** The name of each file in the tree. */
  readonly names: readonly string[];
  /** The index of each file's class. */
  readonly labels: readonly number[];
}

/** The random numbers of an image in a read. */
export interface ImageDraw {
  readonly seed: number;
  /** The name of their stream. */
  readonly name: string;
}

/**
 * Makes a split of image files, whose images have `bytes` bytes each. Each read decodes them again
 * in the workers and cuts them by `cut`, as the draw of an image says if there is one. The check is
 * of the files' beginnings, 10,000 of which take a tenth of a second on a local disk.
 */
export function imageSplit(
  tree: Tree,
  { names, labels }: ImageFiles,
  decoders: Decoders,
  bytes: number,
  cut: (draw: ImageDraw | undefined, index: number) => Cut,
): Split {
  const attempt = async <T>(name: string, action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure(
        3,
        `${tree.path}: ${name} is broken (${messageOf(error)}): replace it or remove it`,
      );
    }
  };
  const pixels = (index: number, draw?: ImageDraw): Promise<Uint8Array> =>
    attempt(names[index], () => decoders.decode(() => tree.read(names[index]), cut(draw, index)));
  const checkHead = (name: string) =>
    attempt(name, async () => void formatOf(await tree.head(name, HEAD)));
  return {
    size: names.length,
    labels: Int32Array.from(labels),
    files: {
      names,
      look: (index) => tree.look(names[index]),
      checksum: (index) => tree.checksum(names[index]),
    },
    async check(indices = names.keys()) {
      // All lanes take their next file from the same iterator.
      const left = indices[Symbol.iterator]();
      await Promise.all(Array.from({ length: LANES }, async () => {
        for (let next = left.next(); !next.done; next = left.next()) {
          await checkHead(names[next.value]);
        }
      }));
    },
    async read(indices, draw) {
      const out = new Uint8Array(indices.length * bytes);
      await Promise.all(Array.from(indices, async (index, i) => {
        const own = draw && { seed: draw.seed, name: drawName(draw, index, i) };
        out.set(await pixels(index, own), i * bytes);
      }));
      return out;
    },
    async source(index) {
      const name = names[index];
      return { name, size: sizeOf(await tree.read(name)) };
    },
  };
}

/** The size of an image by its header. `undefined` if it does not tell: a decoder may know more. */
function sizeOf(bytes: Uint8Array): ImageSource["size"] {
  try {
    const { height, width } = imageSize(bytes);
    return { height, width };
  } catch {
    return undefined;
  }
}

/** Files that are open at once while their beginnings are checked. */
const LANES = 16;

/**
 * Makes a split of the files' central squares, scaled to `size` × `size` pixels. Default of
 * `interpolation`: `bilinear`. The pixels are cached unless all of them together are larger than
 * 1.25 GiB. If they are cached, the check decodes all of them, so that no later read need do it.
 */
export function squareSplit(
  tree: Tree,
  files: ImageFiles,
  decoders: Decoders,
  size: number,
  interpolation?: Interpolation,
): Split {
  return cacheImages(
    imageSplit(
      tree,
      files,
      decoders,
      3 * size ** 2,
      () => ({ kind: "square", size, interpolation }),
    ),
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
  const fill = async (indices: readonly number[]): Promise<void> => {
    const missing = [...new Set(indices.filter((index) => !isCached[index]))];
    if (missing.length === 0) return;
    const read = await split.read(missing);
    missing.forEach((index, i) => {
      place(index).set(read.subarray(i * bytes, (i + 1) * bytes));
      isCached[index] = 1;
    });
  };
  return {
    ...split,
    async check(indices) {
      const all = indices ? [...indices] : Array.from({ length: split.size }, (_, i) => i);
      for (let start = 0; start < all.length; start += CHECKED) {
        await fill(all.slice(start, start + CHECKED));
      }
    },
    async read(indices) {
      await fill(Array.from(indices));
      const out = new Uint8Array(indices.length * bytes);
      for (let i = 0; i < indices.length; i++) out.set(place(indices[i]), i * bytes);
      return out;
    },
  };
}

/** Images that a check decodes at a time. */
const CHECKED = 1000;
