/**
 * A look at the images of an opened data set: what is in it, what is in it twice, and what cannot
 * be read.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { Failure } from "../values/failure.ts";
import type { OpenDataset, Split } from "./dataset.ts";
import type { PaddedImages } from "./padded.ts";

/** The findings about a split. */
export interface SplitSurvey {
  /** The number of images of each class. */
  readonly counts: readonly number[];
  /** The indices of the images that were read, as for an evaluation. */
  readonly read: readonly number[];
  /** The failure of each image that cannot be read, by its index. */
  readonly unreadable: ReadonlyMap<number, Failure>;
  /** The mean of each channel, of pixels scaled to [0, 1]; NaN if no image was read. */
  readonly mean: readonly number[];
  /** The standard deviation of each channel, of pixels scaled to [0, 1]. */
  readonly std: readonly number[];
  /**
   * How many files have each size, `height×width` or `unknown`. `undefined` if images have no files.
   */
  readonly sizes?: ReadonlyMap<string, number>;
}

/** The place of an image in a data set. */
export interface ImagePosition {
  readonly split: "train" | "test";
  readonly index: number;
}

/** An image and a later one with the same pixels. */
export type DuplicatePair = readonly [first: ImagePosition, later: ImagePosition];

/** The findings about a data set. */
export interface Survey {
  readonly train: SplitSurvey;
  readonly test: SplitSurvey;
  /** Every image whose pixels an earlier one has; training images come first. */
  readonly duplicates: readonly DuplicatePair[];
}

/** Options of `survey`. */
export interface SurveyOptions {
  /** The number of images of each split to read, spread evenly. Default: all. */
  readonly limit?: number;
  /** Is told how much is done, 0 … 1. */
  readonly progress?: (fraction: number) => void;
}

/** Images that are read together. */
const BATCH = 64;

/**
 * Reads the images of a data set. One that cannot be read is noted and left out. Holds the pixels of
 * some images at a time, and a checksum of each.
 */
export async function survey(
  { classes, image, train, test }: OpenDataset,
  { limit = Infinity, progress = () => {} }: SurveyOptions = {},
): Promise<Survey> {
  const seen = new Map<string, ImagePosition>();
  const duplicates: DuplicatePair[] = [];
  const total = Math.min(limit, train.size) + Math.min(limit, test.size);
  let done = 0;
  const look = async (name: ImagePosition["split"], split: Split): Promise<SplitSurvey> => {
    const channels = new ChannelSums(image[2]);
    const read: number[] = [];
    const unreadable = new Map<number, Failure>();
    const sizes = split.source && new Map<string, number>();
    const { padded } = split;
    for (const indices of batches(spread(split.size, limit), padded)) {
      const { pixels, readable } = await readEach(split, indices, unreadable);
      const [rows, width, depth] = padded?.shapes[padded.shapeOf[indices[0]]] ?? image;
      const bytes = rows * width * depth;
      readable.forEach((index, i) => {
        const whole = pixels.subarray(i * bytes, (i + 1) * bytes);
        const one = padded ? withoutPadding(whole, width, index, padded) : whole;
        channels.add(one);
        const digest = createHash("md5").update(one).digest("base64");
        const first = seen.get(digest);
        if (first) duplicates.push([first, { split: name, index }]);
        else seen.set(digest, { split: name, index });
      });
      for (const size of sizes ? await sizesOf(split, readable) : []) {
        sizes?.set(size, 1 + (sizes.get(size) ?? 0));
      }
      read.push(...readable);
      done += indices.length;
      progress(done / total);
    }
    return {
      counts: countsOf(split.labels, classes.length),
      read,
      unreadable,
      mean: channels.mean(),
      std: channels.std(),
      sizes,
    };
  };
  return { train: await look("train", train), test: await look("test", test), duplicates };
}

/** At most `limit` of the numbers below `size`, spread evenly. */
function spread(size: number, limit: number): Uint32Array {
  const count = Math.min(size, limit);
  return Uint32Array.from({ length: count }, (_, i) => Math.floor(i * size / count));
}

/** Images that are read together, all of one shape. */
function* batches(indices: Uint32Array, padded?: PaddedImages): Generator<readonly number[]> {
  for (const shape of padded ? padded.shapes.keys() : [undefined]) {
    const own = [...indices.filter((index) => padded?.shapeOf[index] === shape)];
    for (let at = 0; at < own.length; at += BATCH) yield own.slice(at, at + BATCH);
  }
}

/** The pixels of an image of this width, without its padding. */
function withoutPadding(
  pixels: Uint8Array,
  width: number,
  index: number,
  { sizes, shapes: [[, , channels]] }: PaddedImages,
): Uint8Array {
  const [rows, columns] = sizes.subarray(2 * index);
  const line = columns * channels;
  const inner = new Uint8Array(rows * line);
  for (let y = 0; y < rows; y++) {
    const from = y * width * channels;
    inner.set(pixels.subarray(from, from + line), y * line);
  }
  return inner;
}

/** Reads images together or, if one of them fails, one by one. */
async function readEach(
  split: Split,
  indices: readonly number[],
  unreadable: Map<number, Failure>,
): Promise<{ pixels: Uint8Array; readable: readonly number[] }> {
  try {
    return { pixels: await split.read(indices), readable: indices };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const readable: number[] = [];
    for (const index of indices) {
      try {
        await split.read([index]);
        readable.push(index);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        unreadable.set(index, error);
      }
    }
    return { pixels: await split.read(readable), readable };
  }
}

async function sizesOf(split: Split, indices: readonly number[]): Promise<string[]> {
  return await Promise.all(indices.map(async (index) => {
    const { size } = await split.source!(index);
    return size ? `${size.height}×${size.width}` : "unknown";
  }));
}

function countsOf(labels: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]++;
  return counts;
}

/** The sums of pixels and of their squares, which are exact up to 10¹¹ pixels. */
class ChannelSums {
  readonly #sums: number[];
  readonly #squares: number[];
  #pixels = 0;

  constructor(channels: number) {
    this.#sums = new Array<number>(channels).fill(0);
    this.#squares = new Array<number>(channels).fill(0);
  }

  add(pixels: Uint8Array): void {
    const channels = this.#sums.length;
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      let squares = 0;
      for (let i = c; i < pixels.length; i += channels) {
        sum += pixels[i];
        squares += pixels[i] * pixels[i];
      }
      this.#sums[c] += sum;
      this.#squares[c] += squares;
    }
    this.#pixels += pixels.length / channels;
  }

  mean(): number[] {
    return this.#sums.map((sum) => sum / this.#pixels / 255);
  }

  std(): number[] {
    return this.mean().map((mean, c) =>
      Math.sqrt(Math.max(0, this.#squares[c] / this.#pixels / 255 ** 2 - mean ** 2))
    );
  }
}
